package control_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestGetSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	fail := true
	w := simtest.New(t, simtest.Options{
		Plan: func(_ int, name string) simtest.Fault {
			if fail && name == "Engine.Start" {
				return simtest.Before
			}
			return simtest.None
		},
		Agent: func(t task.Task) simtest.Work {
			if t.Attempt == 0 && t.Step == "plan" {
				return simtest.Work{Hangs: true}
			}
			if t.Attempt == 1 && t.Step == "plan" {
				return simtest.Work{Error: task.ErrorThrottled}
			}
			return simtest.Answer(t)
		},
	})
	get := func(kind control.WaitingKind, want string) {
		t.Helper()
		status, body := ask(t, w, `{"action":"get","workflow":"wf-1"}`)
		if status != 200 || !strings.Contains(body, `"waiting":[{"kind":"`+string(kind)+`"`) || !strings.Contains(body, want) {
			t.Errorf("want %s with %s, got %d %s", kind, want, status, body)
		}
		if strings.Contains(body, `"token`) || strings.Contains(body, "token-") {
			t.Errorf("the view has a token: %s", body)
		}
	}
	if status, body := ask(t, w, `{"action":"start","id":"wf-1","input":{"topic":"tides"}}`); status != 503 || strings.Contains(body, simtest.ErrInjected.Error()) {
		t.Errorf("want 503 without the cause, got %d %s", status, body)
	}
	get(control.WaitingStart, "recorded and not started")
	fail = false
	w.Start("wf-1", input)
	get(control.WaitingEngine, "the engine goes on")
	w.Step()
	get(control.WaitingTask, "agent coordinator was started and not heard of yet")
	w.Clock.Pass(2 * time.Minute) // its heartbeats are overdue
	w.Step()
	w.Clock.Pass(time.Minute) // the backoff
	w.Step()
	for range 100 {
		if w.Step(); w.Engine.State("wf-1").Step == "approve" {
			break
		}
		w.Clock.Pass(10 * time.Second)
	}
	for w.Step() {
	}
	get(control.WaitingApproval, "Shall the report be written?")
	w.Finish("wf-1")
	w.Verify("wf-1")
	status, body := ask(t, w, `{"action":"get","workflow":"wf-1"}`)
	if status != 200 || !strings.Contains(body, `"waiting":[]`) || !strings.Contains(body, `"status":"succeeded"`) {
		t.Errorf("got %d %s", status, body)
	}
}

func TestCancelStopsRuns(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{Agent: func(t task.Task) simtest.Work {
		if t.Step == "research" {
			return simtest.Work{Hangs: true}
		}
		return simtest.Answer(t)
	}})
	w.Start("wf-1", input)
	for w.Step() {
	}
	for range 2 { // again changes nothing
		if got, err := w.Control.Cancel(t.Context(), "wf-1", "ada", "no need"); err != nil || got.Status != flow.Cancelled || got.Cause != "cancelled by ada: no need" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	tasks, err := w.Store.Tasks(t.Context(), "wf-1")
	if err != nil || len(tasks) != 4 {
		t.Fatalf("got %d tasks, %v", len(tasks), err)
	}
	if spare := w.Verify("wf-1"); spare != 0 { // nothing runs
		t.Errorf("got %d spare results", spare)
	}
	done := simtest.New(t, simtest.Options{})
	done.Start("wf-2", input)
	done.Finish("wf-2")
	_, err = done.Control.Cancel(t.Context(), "wf-2", "", "")
	if refused, ok := errors.AsType[*control.Error](err); !ok || refused.Status != 409 || refused.Code != control.WorkflowEnded {
		t.Errorf("after the end: got %v", err)
	}
}

// A cancel between the record and the start: the start that comes through ends by itself.
func TestCancelBeforeStart(t *testing.T) {
	t.Parallel()
	var w *simtest.World
	w = simtest.New(t, simtest.Options{Plan: func(_ int, name string) simtest.Fault {
		if name == "Engine.Start" {
			if _, err := w.Store.Workflow(t.Context(), "wf-1"); err != nil {
				t.Error(err)
			}
			if _, _, err := w.Store.EndWorkflow(t.Context(), "wf-1", flow.Cancelled, nil, "", "cancelled"); err != nil {
				t.Error(err)
			}
		}
		return simtest.None
	}})
	w.Start("wf-1", input)
	if status := w.Engine.State("wf-1").Status; status != flow.Cancelled {
		t.Errorf("got %s", status)
	}
	w.Finish("wf-1")
	if runs := len(w.Runner.Tasks()); runs != 0 {
		t.Errorf("want no run, got %d", runs)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{})
	for i := range 5 {
		w.Start(fmt.Sprintf("wf-%d", i), input)
		w.Clock.Pass(time.Second)
	}
	w.Finish("wf-0")
	var got []string
	cursor := ""
	for {
		page, next, err := w.Control.List(t.Context(), control.ListRequest{Limit: 3, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page {
			got = append(got, s.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := "wf-4 wf-3 wf-2 wf-1"; strings.Join(got, " ") != want {
		t.Errorf("want %s, got %v", want, got)
	}
	if page, _, err := w.Control.List(t.Context(), control.ListRequest{Status: flow.Succeeded}); err != nil || len(page) != 1 || page[0].ID != "wf-0" || page[0].Ended == nil {
		t.Errorf("got %+v, %v", page, err)
	}
	if status, body := ask(t, w, `{"action":"list","status":"failed"}`); status != 200 || !strings.Contains(body, `"workflows":[]`) {
		t.Errorf("got %d %s", status, body)
	}
}
