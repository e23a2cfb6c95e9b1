package porttest

import (
	"testing"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Runner runs the suite of port.Runner. newTask returns a task, of the index
// given, whose run lasts until it is stopped.
func Runner(t *testing.T, newTask func(index int) task.Task, open func(t *testing.T) port.Runner) {
	t.Helper()
	r := open(t)
	first, err := r.Run(t.Context(), newTask(0))
	if err != nil || first == "" {
		t.Fatalf("Run: %q %v", first, err)
	}
	if again, err := r.Run(t.Context(), newTask(0)); err != nil || again != first {
		t.Errorf("Run again: %q and %q, %v", first, again, err)
	}
	second, err := r.Run(t.Context(), newTask(1))
	if err != nil || second == first {
		t.Errorf("Run of another task: %q and %q, %v", first, second, err)
	}
	runs := []string{first, second}
	statuses, err := r.Describe(t.Context(), runs)
	if err != nil || len(statuses) != 2 || statuses[first].Stopped || statuses[second].Stopped {
		t.Errorf("Describe: %+v %v", statuses, err)
	}
	for range 2 {
		if err := r.Stop(t.Context(), first, "by the test"); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	eventually(t, "a stopped run counts as stopped", func() bool {
		statuses, err = r.Describe(t.Context(), runs)
		return err == nil && statuses[first].Stopped && !statuses[second].Stopped
	})
	if err := r.Stop(t.Context(), second, "by the test"); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if statuses, err := r.Describe(t.Context(), nil); err != nil || len(statuses) != 0 {
		t.Errorf("Describe of nothing: %+v %v", statuses, err)
	}
}
