package porttest

import (
	"errors"
	"testing"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Flow is a workflow that an engine can run, for its suite: one that lasts for
// more than a minute, whatever its input.
type Flow struct {
	Name  string
	Input [2][]byte // two different ones
}

// Engine runs the part of port.Engine's suite that needs no answer of a task.
func Engine(t *testing.T, flow Flow, open func(t *testing.T) port.Engine) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, port.Engine, Flow){
		"starts once": engineStarts, "cancels": engineCancels, "unknown": engineUnknown, "tokens": engineTokens,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t), flow)
		})
	}
}

func engineStarts(t *testing.T, e port.Engine, flow Flow) {
	for range 2 {
		if err := e.Start(t.Context(), flow.Name, "start-1", flow.Input[0]); err != nil {
			t.Fatalf("Start: %v", err)
		}
	}
	if err := e.Start(t.Context(), flow.Name, "start-1", flow.Input[1]); !errors.Is(err, port.ErrExists) {
		t.Errorf("Start with another input: %v", err)
	}
	got, err := e.Describe(t.Context(), flow.Name, "start-1")
	if err != nil || got.Status != "running" || got.Started.IsZero() || !got.Stopped.IsZero() {
		t.Errorf("Describe: %+v %v", got, err)
	}
}

func engineCancels(t *testing.T, e port.Engine, flow Flow) {
	if err := e.Start(t.Context(), flow.Name, "cancel-1", flow.Input[0]); err != nil {
		t.Fatalf("Start: %v", err)
	}
	for range 2 { // one that has ended stays as it is
		if err := e.Cancel(t.Context(), flow.Name, "cancel-1", "by the test"); err != nil {
			t.Fatalf("Cancel: %v", err)
		}
	}
	got, err := e.Describe(t.Context(), flow.Name, "cancel-1")
	if err != nil || got.Status != "cancelled" || got.Stopped.IsZero() {
		t.Errorf("Describe: %+v %v", got, err)
	}
	if err := e.Start(t.Context(), flow.Name, "cancel-1", flow.Input[0]); !errors.Is(err, port.ErrExists) {
		t.Errorf("Start after the end: %v", err)
	}
}

func engineUnknown(t *testing.T, e port.Engine, flow Flow) {
	if _, err := e.Describe(t.Context(), flow.Name, "unknown-1"); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("Describe: %v", err)
	}
	if err := e.Cancel(t.Context(), flow.Name, "unknown-1", "by the test"); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("Cancel: %v", err)
	}
}

func engineTokens(t *testing.T, e port.Engine, _ Flow) {
	const token task.Token = "nobody-waits-for-this"
	for name, err := range map[string]error{
		"Succeed":   e.Succeed(t.Context(), token, []byte("{}")),
		"Fail":      e.Fail(t.Context(), token, task.ErrorInternal, "by the test"),
		"Heartbeat": e.Heartbeat(t.Context(), token),
	} {
		if !errors.Is(err, port.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
