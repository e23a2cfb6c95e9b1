package simtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/task"
)

const input = `{"topic":"tides"}`

// TestEveryCall runs research-report once for every call of a port and every way in which
// that one call can go wrong.
func TestEveryCall(t *testing.T) {
	t.Parallel()
	clean := simtest.New(t, simtest.Options{})
	clean.Start("wf-1", input)
	clean.Finish("wf-1")
	clean.Verify("wf-1")
	calls := clean.Calls()
	if state := clean.Engine.State("wf-1"); state.Status != flow.Succeeded {
		t.Fatalf("got %+v", state)
	}
	t.Logf("%d calls × %d faults", len(calls), len(simtest.Faults()))
	for name, fault := range simtest.Faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, call := range calls {
				w := simtest.New(t, simtest.Options{Plan: func(i int, _ string) simtest.Fault {
					if i == n {
						return fault
					}
					return simtest.None
				}})
				w.Start("wf-1", input)
				w.Finish("wf-1")
				if spare := w.Verify("wf-1"); spare != 0 {
					t.Errorf("want one result for each step, got %d more", spare)
				}
				if status := w.Engine.State("wf-1").Status; status != flow.Succeeded {
					t.Errorf("got %s", status)
				}
				if t.Failed() {
					t.Fatalf("call %d, %s", n, call)
				}
			}
		})
	}
}

// TestManyFaults has many at once, with messages twice and in any order, and agents that
// end without an answer.
func TestManyFaults(t *testing.T) {
	t.Parallel()
	const seeds = 200
	var faults, calls, ended int
	for seed := range uint64(seeds) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := simtest.New(t, simtest.Options{
			Plan: func(int, string) simtest.Fault {
				if random.IntN(20) > 0 {
					return simtest.None
				}
				faults++
				return simtest.Fault(1 + random.IntN(3))
			},
			Copies: func([]byte) int { return 1 + random.IntN(2) },
			Pick:   random.IntN,
			Agent: func(t task.Task) simtest.Work {
				if t.Attempt < 2 && random.IntN(10) == 0 {
					return simtest.Work{Silent: true}
				}
				return simtest.Answer(t)
			},
		})
		w.Start("wf-1", input)
		w.Finish("wf-1")
		w.Verify("wf-1")
		calls += len(w.Calls())
		if w.Engine.State("wf-1").Status == flow.Succeeded {
			ended++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	// A step that meets four faults in a row may fail the workflow.
	if ended < seeds*9/10 {
		t.Errorf("want nearly all to succeed, got %d", ended)
	}
	t.Logf("%d faults in %d calls, %d of %d succeeded", faults, calls, ended, seeds)
}

// TestOrderMakesNoDifference: what workflows end with does not depend on how messages come.
func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	want := ""
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		w := simtest.New(t, simtest.Options{
			Copies: func([]byte) int { return 1 + random.IntN(3) }, Pick: random.IntN,
		})
		w.Start("wf-1", input)
		w.Finish("wf-1")
		w.Verify("wf-1")
		tasks, err := w.Store.Tasks(t.Context(), "wf-1")
		if err != nil || len(tasks) != 6 || len(w.Runner.Tasks()) != 6 {
			t.Fatalf("seed %d: want 6 tasks and runs, got %d and %d, %v", seed, len(tasks), len(w.Runner.Tasks()), err)
		}
		if want == "" {
			want = string(w.Engine.State("wf-1").Output)
		}
		if out := string(w.Engine.State("wf-1").Output); out != want {
			t.Errorf("seed %d: want %s, got %s", seed, want, out)
		}
	}
}
