package dispatch_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const input = `{"topic":"tides"}`

// ordered returns a world whose engine has sent its first order, and the order.
func ordered(t *testing.T) (*simtest.World, task.Order, []byte) {
	t.Helper()
	w := simtest.New(t, simtest.Options{Agent: func(task.Task) simtest.Work { return simtest.Work{Hangs: true} }})
	w.Start("wf-1", input)
	messages, err := w.Tasks.Receive(t.Context(), 1, 0)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %d messages, %v", len(messages), err)
	}
	if err := w.Tasks.Delete(t.Context(), messages[0]); err != nil {
		t.Fatal(err)
	}
	o, err := task.DecodeOrder(messages[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	return w, o, messages[0].Body
}

func TestInvalidMessages(t *testing.T) {
	t.Parallel()
	w, _, order := ordered(t)
	before := len(w.Calls())
	for name, message := range map[string]string{
		"empty":           "",
		"not JSON":        "{",
		"another kind":    `{"version":1,"kind":"heartbeat"}`,
		"another version": strings.Replace(string(order), `"version":1`, `"version":2`, 1),
		"a field less":    `{"version":1,"kind":"order"}`,
		"no approval":     `{"version":1,"kind":"approval_request"}`,
		"5 MB":            `{"version":1,"kind":"order","x":"` + strings.Repeat("x", 5<<20) + `"}`,
	} {
		err := w.Dispatch.Handle(t.Context(), []byte(message), time.Time{})
		if !errors.Is(err, dispatch.ErrInvalid) {
			t.Errorf("%s: want ErrInvalid, got %v", name, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: the error has the message in it", name)
		}
	}
	if calls := w.Calls()[before:]; len(calls) != 0 {
		t.Errorf("want nothing read or written, got %v", calls)
	}
}

func TestOrderBecomesOneRun(t *testing.T) {
	t.Parallel()
	w, o, message := ordered(t)
	sent := w.Clock.Now()
	for range 3 {
		if err := w.Dispatch.Handle(t.Context(), message, sent); err != nil {
			t.Fatal(err)
		}
		w.Clock.Pass(time.Minute)
	}
	runs := w.Runner.Tasks()
	if len(runs) != 1 {
		t.Fatalf("want one run, got %d", len(runs))
	}
	deadline := sent.Add(time.Duration(o.Timeout) * time.Second)
	if !runs[0].Deadline.Equal(deadline) || !runs[0].MAC.Expires.Equal(deadline.Add(dispatch.Grace)) {
		t.Errorf("want deadline %s, got %s and the MAC's %s", deadline, runs[0].Deadline, runs[0].MAC.Expires)
	}
	if err := w.Ring.Verify(o.ID(), runs[0].MAC, deadline); err != nil {
		t.Error(err)
	}
	encoded, err := runs[0].Encode()
	if err != nil || strings.Contains(string(encoded), string(o.Token)) {
		t.Errorf("the task has the token, %v", err)
	}
	stored, err := w.Store.Task(t.Context(), o.ID())
	if err != nil || stored.Status != store.TaskOpen || stored.Run == "" || !stored.Started.Equal(sent) {
		t.Errorf("got %+v, %v", stored, err)
	}
}

func TestOrdersThatAreSkipped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(w *simtest.World, o task.Order) error
		open   bool // the record is there, for the checker
	}{
		"the workflow has ended": {func(w *simtest.World, _ task.Order) error {
			_, err := w.Control.Cancel(t.Context(), "wf-1", "", "")
			return err
		}, false},
		"too late to be heard of in time": {func(w *simtest.World, _ task.Order) error {
			w.Clock.Pass(8 * time.Minute)
			return nil
		}, true},
	} {
		w, o, message := ordered(t)
		sent := w.Clock.Now()
		if err := tc.before(w, o); err != nil {
			t.Fatal(err)
		}
		if err := w.Dispatch.Handle(t.Context(), message, sent); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if runs := len(w.Runner.Tasks()); runs != 0 {
			t.Errorf("%s: want no run, got %d", name, runs)
		}
		if _, err := w.Store.Task(t.Context(), o.ID()); (err == nil) != tc.open {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTasksThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	for want, refusal := range map[string]error{
		task.ErrorUnavailable: fmt.Errorf("%w: %w", port.ErrPermanent, denied),
		task.ErrorInternal:    fmt.Errorf("%w: no such agent", port.ErrPermanent),
	} {
		w, o, message := ordered(t)
		w.Runner.FailWith(func(string) error { return refusal })
		for range 2 {
			if err := w.Dispatch.Handle(t.Context(), message, time.Time{}); err != nil {
				t.Errorf("%s: %v", want, err)
			}
		}
		stored, err := w.Store.Task(t.Context(), o.ID())
		if err != nil || stored.Status != store.TaskClosed || stored.Answer == nil || stored.Answer.Error != want || stored.Dropped {
			t.Errorf("want %s, got %+v, %v", want, stored, err)
		}
		if got := w.Engine.State("wf-1").Status; got != flow.Running { // research-report tries again
			t.Errorf("%s: want %s, got %s", want, flow.Running, got)
		}
	}
}

// TestNoCapacity: an order comes again as long as the engine waits for it.
func TestNoCapacity(t *testing.T) {
	t.Parallel()
	w, _, message := ordered(t)
	sent := w.Clock.Now()
	w.Runner.FailWith(func(string) error { return errors.New("no capacity") })
	for range 2 {
		if err := w.Dispatch.Handle(t.Context(), message, sent); err == nil || errors.Is(err, dispatch.ErrInvalid) {
			t.Errorf("want an error that may go away, got %v", err)
		}
		w.Clock.Pass(3 * time.Minute)
	}
	w.Runner.FailWith(nil)
	if err := w.Dispatch.Handle(t.Context(), message, sent); err != nil || len(w.Runner.Tasks()) != 1 {
		t.Errorf("want a run, got %v", err)
	}
}

// A workflow that ends between the record and the run: the run is stopped.
func TestWorkflowEndsMeanwhile(t *testing.T) {
	t.Parallel()
	var w *simtest.World
	w = simtest.New(t, simtest.Options{Agent: func(task.Task) simtest.Work {
		if _, err := w.Dispatch.Settler.End(t.Context(), "wf-1", port.ExecutionStatus{Status: string(flow.Cancelled)}); err != nil {
			t.Error(err)
		}
		return simtest.Work{Hangs: true}
	}})
	w.Start("wf-1", input)
	w.Step()
	given := w.Runner.Tasks()[0]
	stored, err := w.Store.Task(t.Context(), given.ID)
	if err != nil || stored.Status != store.TaskClosed {
		t.Fatalf("got %+v, %v", stored, err)
	}
	if status, err := w.Runner.Describe(t.Context(), []string{stored.Run}); err != nil || !status[stored.Run].Stopped {
		t.Errorf("want the run stopped, got %+v, %v", status, err)
	}
}

func TestAskedAgainWithAnotherToken(t *testing.T) {
	t.Parallel()
	w, o, message := ordered(t)
	if err := w.Dispatch.Handle(t.Context(), message, time.Time{}); err != nil {
		t.Fatal(err)
	}
	// While it is open the new token is the one that waits, and the run stays.
	redriven := o
	redriven.Token = "another"
	again, err := redriven.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Dispatch.Handle(t.Context(), again, time.Time{}); err != nil {
		t.Fatal(err)
	}
	stored, err := w.Store.Task(t.Context(), o.ID())
	if err != nil || stored.Token.Token != "another" || len(w.Runner.Tasks()) != 1 {
		t.Errorf("got %d runs, %v", len(w.Runner.Tasks()), err)
	}
	// And back, so that this engine takes the answer; then the other asks for it.
	if err := w.Dispatch.Handle(t.Context(), message, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Dispatch.Settler.Answer(t.Context(), o.ID(), store.Answer{Error: "Agent.Refused"}); err != nil {
		t.Fatal(err)
	}
	before := len(w.Calls())
	if err := w.Dispatch.Handle(t.Context(), again, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if calls := w.Calls()[before:]; len(w.Runner.Tasks()) != 1 {
		t.Errorf("want no second run, got %v", calls)
	}
}

func TestApprovalRequests(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{})
	w.Start("wf-1", input)
	for w.Step() {
	}
	a, err := w.Store.Approval(t.Context(), "wf-1", "approve")
	if err != nil {
		t.Fatal(err)
	}
	// The engine asks again, as another attempt: its token waits from now on.
	second := a.Request
	second.Attempt, second.Token = 1, "another"
	message, err := second.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Dispatch.Handle(t.Context(), message, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	first := a.Request
	first.Token = a.Token.Token
	old, err := first.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Dispatch.Handle(t.Context(), old, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if a, err = w.Store.Approval(t.Context(), "wf-1", "approve"); err != nil || a.Token.Token != "another" || a.Request.Attempt != 1 {
		t.Errorf("got %+v, %v", a.Request, err)
	}
	// Decided for the token that waits no more; the request that comes then gets the decision.
	if _, err := w.Control.Decide(t.Context(), "wf-1", "approve", task.OutcomeApproved, "ada", ""); err != nil {
		t.Error(err)
	}
	if _, ok := w.Engine.State("wf-1").Decision("approve"); ok {
		t.Error("the engine has it already")
	}
	third := first
	third.Attempt = 2
	message, err = third.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Dispatch.Handle(t.Context(), message, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if d, ok := w.Engine.State("wf-1").Decision("approve"); !ok || d.By != "ada" {
		t.Errorf("want the decision delivered, got %+v", d)
	}
}
