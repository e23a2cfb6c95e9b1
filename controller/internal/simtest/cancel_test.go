package simtest_test

import (
	"testing"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/task"
)

// TestEveryCallOfCancel cancels a workflow with agents at work, once for every call of a
// port and every way in which that one call can go wrong.
func TestEveryCallOfCancel(t *testing.T) {
	t.Parallel()
	cancelled := func(t *testing.T, plan func(int, string) simtest.Fault) []string {
		t.Helper()
		w := simtest.New(t, simtest.Options{Plan: plan, Agent: func(t task.Task) simtest.Work {
			if t.Step == "research" {
				return simtest.Work{Hangs: true}
			}
			return simtest.Answer(t)
		}})
		w.Start("wf-1", input)
		for w.Engine.State("wf-1").Step != "research" || w.Step() {
			if !w.Step() {
				w.Clock.Pass(simtest.Pause)
			}
		}
		w.Cancel("wf-1")
		w.Finish("wf-1")
		if spare := w.Verify("wf-1"); spare != 0 { // nothing is open or runs
			t.Errorf("got %d spare results", spare)
		}
		if status := w.Engine.State("wf-1").Status; status != flow.Cancelled {
			t.Errorf("got %s", status)
		}
		return w.Calls()
	}
	calls := cancelled(t, nil)
	t.Logf("%d calls × %d faults", len(calls), len(simtest.Faults()))
	for name, fault := range simtest.Faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, call := range calls {
				cancelled(t, func(i int, _ string) simtest.Fault {
					if i == n {
						return fault
					}
					return simtest.None
				})
				if t.Failed() {
					t.Fatalf("call %d, %s", n, call)
				}
			}
		})
	}
}

// TestEveryCallOfFailure: an agent that fails is tried again, and one whose failure is final ends the workflow.
func TestEveryCallOfFailure(t *testing.T) {
	t.Parallel()
	failing := func(t *testing.T, plan func(int, string) simtest.Fault) []string {
		t.Helper()
		w := simtest.New(t, simtest.Options{Plan: plan, Agent: func(t task.Task) simtest.Work {
			switch {
			case t.Step == "plan" && t.Attempt == 0:
				return simtest.Work{Error: task.ErrorThrottled}
			case t.Step == "analyze":
				return simtest.Work{Error: task.ErrorRefused}
			}
			return simtest.Answer(t)
		}})
		w.Start("wf-1", input)
		w.Finish("wf-1")
		w.Verify("wf-1")
		if s := w.Engine.State("wf-1"); s.Status != flow.Failed || s.Error != task.ErrorRefused {
			t.Errorf("got %s %s", s.Status, s.Error)
		}
		return w.Calls()
	}
	calls := failing(t, nil)
	t.Logf("%d calls × %d faults", len(calls), len(simtest.Faults()))
	for name, fault := range simtest.Faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, call := range calls {
				failing(t, func(i int, _ string) simtest.Fault {
					if i == n {
						return fault
					}
					return simtest.None
				})
				if t.Failed() {
					t.Fatalf("call %d, %s", n, call)
				}
			}
		})
	}
}
