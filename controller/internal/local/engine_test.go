package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/local"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestPort(t *testing.T) {
	t.Parallel()
	var inputs [2][]byte
	for i := range inputs {
		inputs[i] = must(flow.ResearchReport().PrepareInput(fmt.Appendf(nil, `{"topic":"%d"}`, i)))
	}
	porttest.Engine(t, porttest.Flow{Name: name, Input: inputs}, func(t *testing.T) port.Engine {
		t.Helper()
		return newRig(t).engine
	})
}

func TestWorkflow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start("w", 2, true)
	for range 4 {
		r.succeed(r.order())
	}
	request, err := task.DecodeApprovalRequest(r.next())
	if err != nil {
		t.Fatal(err)
	}
	decision := task.Decision{Workflow: "w", Step: request.Step, Decision: task.OutcomeApproved, By: "ada", At: time.Now().UTC()}
	body := must(json.Marshal(must(decision.Body())))
	if err := r.engine.Succeed(t.Context(), request.Token, body); err != nil {
		t.Fatal(err)
	}
	if err := r.engine.Succeed(t.Context(), request.Token, body); !errors.Is(err, port.ErrClosed) {
		t.Errorf("a second decision: %v", err)
	}
	last := r.order()
	r.succeed(last)
	s := r.wait("w")
	if s.Status != flow.Succeeded || string(s.Output) == "" {
		t.Fatalf("%+v", s)
	}
	r.ended("w", flow.Succeeded)
	for what, err := range map[string]error{
		"an answer after the end": r.engine.Succeed(t.Context(), last.Token, output(last)),
		"a failure after it":      r.engine.Fail(t.Context(), last.Token, task.ErrorInternal, "late"),
		"a heartbeat after it":    r.engine.Heartbeat(t.Context(), last.Token),
		"a foreign token":         r.engine.Heartbeat(t.Context(), "AQB"),
	} {
		if !errors.Is(err, port.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	events, state, err := r.engine.History(t.Context(), "w")
	if err != nil || state.Status != flow.Succeeded || events[0].Kind != flow.Started {
		t.Errorf("history: %d events, %s, %v", len(events), state.Status, err)
	}
	if !slices.IsSortedFunc(events, func(a, b flow.Event) int { return a.At.Compare(b.At) }) {
		t.Error("the history's times go back")
	}
}

// ended waits until an execution's end is recorded.
func (r *rig) ended(id string, want flow.Status) {
	r.t.Helper()
	for range 500 {
		s, err := r.engine.Describe(context.Background(), name, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if s.Status == string(want) {
			if s.Stopped.IsZero() || s.Started.IsZero() {
				r.t.Errorf("%+v", s)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatalf("%s does not get %s", id, want)
}

func TestStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start("w", 2, false)
	r.start("w", 2, false)
	for what, test := range map[string]struct {
		err  error
		want error
	}{
		"another input":    {r.engine.Start(t.Context(), name, "w", []byte(`{"topic":"u"}`)), port.ErrExists},
		"another workflow": {r.engine.Start(t.Context(), "unknown", "w", []byte(`{}`)), port.ErrPermanent},
		"an invalid id":    {r.engine.Start(t.Context(), name, "a.b", []byte(`{"topic":"u"}`)), port.ErrPermanent},
		"no object":        {r.engine.Start(t.Context(), name, "v", []byte(`[]`)), port.ErrPermanent},
		"cancel unknown":   {r.engine.Cancel(t.Context(), name, "v", "why"), port.ErrNotFound},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v", what, test.err)
		}
	}
	if _, err := r.engine.Describe(t.Context(), name, "v"); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
	order := r.order()
	if r.tasks.Len() != 0 {
		t.Error("the second start has done something")
	}
	if err := r.engine.Succeed(t.Context(), order.Token, []byte("{")); !errors.Is(err, port.ErrPermanent) {
		t.Error(err)
	}
	if err := r.engine.Cancel(t.Context(), name, "w", "why"); err != nil {
		t.Fatal(err)
	}
	r.ended("w", flow.Cancelled)
	if err := r.engine.Cancel(t.Context(), name, "w", "why"); err != nil {
		t.Errorf("cancelled again: %v", err)
	}
	if err := r.engine.Start(t.Context(), name, "w", []byte(`{"topic":"t"}`)); !errors.Is(err, port.ErrExists) {
		t.Errorf("started after its end: %v", err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start("w", 3, false)
	r.succeed(r.order())
	before := []task.Order{r.order(), r.order(), r.order()}
	r.succeed(before[1])
	r.close()
	r.open()
	// What had no answer comes again, with other tokens, and no more.
	again := []task.Order{r.order(), r.order()}
	slices.SortFunc(again, func(a, b task.Order) int { return a.Index - b.Index })
	if again[0].Index != 0 || again[1].Index != 2 || again[1].Token == before[2].Token || again[1].Attempt != 0 {
		t.Fatalf("%+v", again)
	}
	r.succeed(before[2])
	if err := r.engine.Succeed(t.Context(), again[1].Token, output(again[1])); !errors.Is(err, port.ErrClosed) {
		t.Errorf("the same answer again: %v", err)
	}
	r.succeed(again[0])
	r.succeed(r.order())
	r.close()
	r.open()
	r.succeed(r.order())
	if s := r.wait("w"); s.Status != flow.Succeeded {
		t.Fatalf("%+v", s)
	}
	events, _, err := r.engine.History(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	resumed := 0
	for _, e := range events {
		if e.Kind == flow.Resumed {
			resumed++
		}
	}
	if resumed != 2 {
		t.Errorf("resumed %d times", resumed)
	}
}

// A file can be read while nothing runs, and nothing goes on by that.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start("w", 1, false)
	r.succeed(r.order())
	r.close()
	defer r.open()
	tasks := memory.NewQueue(memory.QueueOptions{})
	e, err := local.Open(t.Context(), local.Options{Path: r.path, Tasks: tasks})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := e.Describe(t.Context(), name, "w"); err != nil || s.Status != string(flow.Running) {
		t.Errorf("%+v, %v", s, err)
	}
	if _, s, err := e.History(t.Context(), "w"); err != nil || s.Step != "research" {
		t.Errorf("%+v, %v", s, err)
	}
	if err := e.Heartbeat(t.Context(), "task.w.research.0.0.0"); err == nil || errors.Is(err, port.ErrClosed) {
		t.Errorf("an answer without Launch: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if tasks.Len() != 0 {
		t.Error("orders were sent")
	}
}

// Timeouts need no event from outside.
func TestTimeout(t *testing.T) {
	t.Parallel()
	w := flow.Workflow{Name: "short", Comment: "Times out.", Steps: []flow.Step{
		{Name: "work", Agent: &flow.Run{Task: flow.Task{Agent: flow.Research, Input: map[string]flow.Ref{}, Timeout: 1}, Next: "done"}},
		{Name: "done", Succeed: &flow.Succeed{}},
	}}
	tasks := memory.NewQueue(memory.QueueOptions{})
	stopped := make(chan task.ID, 1)
	e, err := local.Open(t.Context(), local.Options{
		Path: t.TempDir() + "/aegis.db", Tasks: tasks, Workflows: []flow.Workflow{w},
		Stop: func(_ context.Context, id task.ID) { stopped <- id },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := errors.Join(e.Launch(), e.Start(t.Context(), "short", "w", []byte(`{}`))); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-stopped:
		if id != task.NewID("w", "work", 0, 0) {
			t.Error(id)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no timeout")
	}
}

func BenchmarkEngine(b *testing.B) {
	r := newRig(b)
	n, tasks := 0, 0
	for b.Loop() {
		id := fmt.Sprint("w", n)
		r.start(id, 12, false)
		for range 15 {
			r.succeed(r.order())
			tasks++
		}
		r.wait(id)
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(tasks), "µs/task")
}
