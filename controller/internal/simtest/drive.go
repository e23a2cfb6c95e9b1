package simtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// Pause is how much time passes when there is nothing to do.
const Pause = 10 * time.Second

// Start starts a workflow as a client does that asks again after an error.
func (w *World) Start(id, input string) {
	w.t.Helper()
	w.persist("start", func() error {
		_, _, err := w.Control.Start(context.Background(), control.StartRequest{ID: id, Input: json.RawMessage(input)})
		return err
	})
}

// Cancel cancels a workflow as a client does that asks again after an error.
func (w *World) Cancel(id string) {
	w.t.Helper()
	w.persist("cancel", func() error {
		_, err := w.Control.Cancel(context.Background(), id, "ada", "")
		return err
	})
}

// Finish runs a workflow to its end, approving what it asks, and then until nothing is left to do.
func (w *World) Finish(id string) {
	w.t.Helper()
	for end := w.Clock.Now().Add(24 * time.Hour); w.Clock.Now().Before(end); {
		busy := w.Step()
		w.approve(id)
		if !busy {
			if w.settled(id) {
				return
			}
			w.Clock.Pass(Pause)
		}
	}
	w.t.Fatalf("no end: %+v", w.Engine.State(id))
}

func (w *World) approve(id string) {
	w.t.Helper()
	approvals, err := w.Store.Approvals(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range approvals {
		if a.Delivered {
			continue
		}
		w.persist("approve", func() error {
			_, err := w.Control.Decide(context.Background(), id, a.Request.Step, task.OutcomeApproved, "ada", "")
			return err
		})
	}
}

// persist does what a client does: it asks again after an error that may go away.
func (w *World) persist(what string, f func() error) {
	w.t.Helper()
	for range 100 {
		err, died := w.Try(f)
		if err == nil && !died {
			return
		}
		if refused, ok := errors.AsType[*control.Error](err); ok {
			w.t.Fatalf("%s: %d %s %s", what, refused.Status, refused.Code, refused.Message)
		}
		w.Clock.Pass(time.Second)
	}
	w.t.Fatalf("%s never succeeded", what)
}

// settled is whether the workflow has ended and nothing of it is left to do.
func (w *World) settled(id string) bool {
	ctx := context.Background()
	record, err := w.Store.Workflow(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	tasks, err := w.Store.Tasks(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	open := slices.ContainsFunc(tasks, func(t store.Task) bool { return t.Status != store.TaskClosed })
	messages := w.Tasks.Len() + w.Answers.Len() + w.DeadTasks.Len() + w.DeadAnswers.Len()
	return record.Status != flow.Running && !open && messages == 0
}

// Verify checks what must hold for a workflow that has ended, whatever went wrong: the
// record is the engine's, each result is one recorded answer, and nothing is open or
// runs. spare is how many results of other attempts are not known to have been dropped:
// what the engine said to their first delivery was lost.
func (w *World) Verify(id string) (spare int) {
	w.t.Helper()
	ctx := context.Background()
	state := w.Engine.State(id)
	record, err := w.Store.Workflow(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if record.Status != state.Status || string(record.Output) != string(state.Output) || record.Error != state.Error {
		w.t.Errorf("record: want %s %s %s, got %s %s %s", state.Status, state.Output, state.Error, record.Status, record.Output, record.Error)
	}
	tasks, err := w.Store.Tasks(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	recorded := map[string][]string{} // outputs the engine took, by step and index
	for _, t := range tasks {
		if t.Answer != nil && t.Answer.Output != nil && !t.Dropped {
			key := fmt.Sprintf("%s %d", t.Spec.Step, t.Spec.Index)
			recorded[key] = append(recorded[key], string(t.Answer.Output.Inline))
		}
		if status, err := w.Runner.Describe(ctx, []string{t.Run}); err != nil || t.Run != "" && !status[t.Run].Stopped {
			w.t.Errorf("%s %d %d: still runs, %v", t.Spec.Step, t.Spec.Index, t.Spec.Attempt, err)
		}
	}
	for step, body := range state.Results {
		for i, item := range append(body.List, body) {
			key := fmt.Sprintf("%s %d", step, i)
			if step == "approve" || item.List != nil {
				continue
			}
			if i == len(body.List) {
				key = step + " 0"
			}
			same := 0
			for _, output := range recorded[key] {
				if output == string(item.Inline) {
					same++
				}
			}
			if same != 1 {
				w.t.Errorf("%s: want one result %s, got %v", key, item.Inline, recorded[key])
			}
			spare += len(recorded[key]) - same
		}
	}
	approvals, err := w.Store.Approvals(ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range approvals {
		d, decided := state.Decision(a.Request.Step)
		if !a.Delivered || decided && a.Decision != nil && a.Decision.Decision != d.Decision {
			w.t.Errorf("approval %s: want %+v, got %+v", a.Request.Step, d, a.Decision)
		}
	}
	return spare
}
