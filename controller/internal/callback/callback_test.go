package callback_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// working returns a world in which an agent works on the first task.
func working(t *testing.T) (*simtest.World, task.Task) {
	t.Helper()
	w := simtest.New(t, simtest.Options{Agent: func(t task.Task) simtest.Work {
		if t.Attempt == 0 && t.Step == "plan" {
			return simtest.Work{Hangs: true}
		}
		return simtest.Answer(t)
	}})
	w.Start("wf-1", `{"topic":"tides"}`)
	w.Step()
	tasks := w.Runner.Tasks()
	if len(tasks) != 1 {
		t.Fatalf("got %d tasks", len(tasks))
	}
	return w, tasks[0]
}

func result(t *testing.T, id task.ID, mac task.MAC, output string) []byte {
	t.Helper()
	m, err := task.Result{TaskID: id, MAC: mac, Output: task.Body{Inline: json.RawMessage(output)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func failure(t *testing.T, id task.ID, mac task.MAC, name string) []byte {
	t.Helper()
	m, err := task.Failure{TaskID: id, MAC: mac, Error: name, Cause: "because"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const plan = `{"questions":["why?"]}`

func TestRefusals(t *testing.T) {
	t.Parallel()
	w, given := working(t)
	other, err := task.NewKeyring("k1", map[string][]byte{"k1": []byte(strings.Repeat("x", 32))})
	if err != nil {
		t.Fatal(err)
	}
	second, err := task.NewKeyring("k2", map[string][]byte{"k2": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	later := w.Clock.Now().Add(time.Hour)
	foreign := task.NewID("wf-2", "plan", 0, 0)
	before := len(w.Calls())
	for name, tc := range map[string]struct {
		message []byte
		want    callback.Outcome
		status  int
	}{
		"forged":           {result(t, given.ID, other.Sign(given.ID, later), plan), callback.Forbidden, 403},
		"of another task":  {result(t, given.ID, w.Ring.Sign(foreign, later), plan), callback.Forbidden, 403},
		"expired":          {result(t, given.ID, w.Ring.Sign(given.ID, w.Clock.Now().Add(-time.Second)), plan), callback.Forbidden, 403},
		"of a longer life": {result(t, given.ID, task.MAC{Key: "k1", Expires: later.Add(time.Hour), Value: w.Ring.Sign(given.ID, later).Value}, plan), callback.Forbidden, 403},
		"of another key":   {result(t, given.ID, second.Sign(given.ID, later), plan), callback.Forbidden, 403},
		"a forged failure": {failure(t, given.ID, other.Sign(given.ID, later), "Agent.Refused"), callback.Forbidden, 403},
		"not JSON":         {[]byte("result"), callback.Invalid, 400},
		"empty":            {nil, callback.Invalid, 400},
		"another kind":     {[]byte(`{"version":1,"kind":"order"}`), callback.Invalid, 400},
		"another version":  {[]byte(strings.Replace(string(result(t, given.ID, given.MAC, plan)), `"version":1`, `"version":2`, 1)), callback.Invalid, 400},
		"one field more":   {[]byte(strings.Replace(string(result(t, given.ID, given.MAC, plan)), `"version":1`, `"version":1,"token":"x"`, 1)), callback.Invalid, 400},
		"5 MB":             {[]byte(`{"version":1,"kind":"result","x":"` + strings.Repeat("x", 5<<20) + `"}`), callback.Invalid, 400},
	} {
		got, err := w.Callback.Handle(t.Context(), tc.message)
		if got != tc.want || err != nil || got.HTTPStatus() != tc.status {
			t.Errorf("%s: want %s, got %s, %v", name, tc.want, got, err)
		}
	}
	if calls := w.Calls()[before:]; len(calls) != 0 {
		t.Errorf("want nothing read or written, got %v", calls)
	}
	// A MAC that is ours, of a task without a record.
	got, err := w.Callback.Handle(t.Context(), result(t, foreign, w.Ring.Sign(foreign, later), plan))
	if got != callback.Gone || err != nil {
		t.Errorf("no record: want gone, got %s, %v", got, err)
	}
}

func TestFirstAnswerWins(t *testing.T) {
	t.Parallel()
	w, given := working(t)
	other := result(t, given.ID, given.MAC, `{"questions":["how?"]}`)
	for i, tc := range []struct {
		message []byte
		want    callback.Outcome
		status  int
	}{
		{result(t, given.ID, given.MAC, plan), callback.Taken, 204},
		{result(t, given.ID, given.MAC, plan), callback.Taken, 204},
		{other, callback.Gone, 410},
		{failure(t, given.ID, given.MAC, "Agent.Refused"), callback.Gone, 410},
		{heartbeat(t, w, given), callback.Gone, 410},
		{result(t, given.ID, given.MAC, plan), callback.Taken, 204},
	} {
		got, err := w.Callback.Handle(t.Context(), tc.message)
		if got != tc.want || err != nil || got.HTTPStatus() != tc.status {
			t.Errorf("%d: want %s, got %s, %v", i, tc.want, got, err)
		}
	}
	if got := string(w.Engine.State("wf-1").Results["plan"].Inline); got != plan {
		t.Errorf("want %s, got %s", plan, got)
	}
	stored, err := w.Store.Task(t.Context(), given.ID)
	if err != nil || stored.Status != store.TaskClosed || stored.Dropped || string(stored.Answer.Output.Inline) != plan {
		t.Errorf("got %+v, %v", stored, err)
	}
}

func heartbeat(t *testing.T, w *simtest.World, given task.Task) []byte {
	t.Helper()
	m, err := task.Heartbeat{TaskID: given.ID, MAC: given.MAC, At: w.Clock.Now()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	w, given := working(t)
	beat := heartbeat(t, w, given)
	for range 5 { // longer than without
		w.Clock.Pass(108 * time.Second)
		if got, err := w.Callback.Handle(t.Context(), beat); got != callback.Taken || err != nil {
			t.Fatalf("got %s, %v", got, err)
		}
		if err := w.Engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := w.Store.Task(t.Context(), given.ID)
	if err != nil || stored.Heard == nil || !stored.Heard.Equal(w.Clock.Now()) {
		t.Errorf("got %+v, %v", stored.Heard, err)
	}
	// The engine gives the attempt up; the agent still works.
	w.Clock.Pass(9 * time.Minute)
	if err := w.Engine.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := w.Callback.Handle(t.Context(), beat); got != callback.Gone || err != nil {
			t.Errorf("want gone, got %s, %v", got, err)
		}
	}
	w.Finish("wf-1")
	w.Verify("wf-1") // among others, that the first run was stopped
	if got, err := w.Callback.Handle(t.Context(), result(t, given.ID, given.MAC, plan)); got != callback.Gone || err != nil {
		t.Errorf("a late answer: want gone, got %s, %v", got, err)
	}
}

func TestAnswersWithinLimits(t *testing.T) {
	t.Parallel()
	ref := task.Ref{SHA256: strings.Repeat("a", 64), Size: 9000}
	for name, output := range map[string]task.Body{
		"a reference where the workflow reads": {Ref: &ref},
	} {
		w, given := working(t)
		m, err := task.Result{TaskID: given.ID, MAC: given.MAC, Output: output}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.Callback.Handle(t.Context(), m); got != callback.Taken || err != nil {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
		stored, err := w.Store.Task(t.Context(), given.ID)
		if err != nil || stored.Answer == nil || stored.Answer.Error != task.ErrorOutputTooLarge {
			t.Errorf("%s: got %+v, %v", name, stored.Answer, err)
		}
	}
}

// A call that fails leaves the message to come again, and the second time finishes it.
func TestComesAgain(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Engine.Succeed", "Table.Put", "Table.Get"} {
		for name, fault := range simtest.Faults() {
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				armed := false
				w := simtest.New(t, simtest.Options{
					Agent: func(task.Task) simtest.Work { return simtest.Work{Hangs: true} },
					Plan: func(_ int, name string) simtest.Fault {
						if armed && name == call {
							armed = false
							return fault
						}
						return simtest.None
					},
				})
				w.Start("wf-1", `{"topic":"tides"}`)
				w.Step()
				given := w.Runner.Tasks()[0]
				armed = true
				message := result(t, given.ID, given.MAC, plan)
				if err, died := w.Try(func() error { _, err := w.Callback.Handle(t.Context(), message); return err }); err == nil && !died {
					t.Error("want it to fail")
				}
				if got, err := w.Callback.Handle(t.Context(), message); got != callback.Taken || err != nil {
					t.Errorf("want it taken, got %s, %v", got, err)
				}
				if got := string(w.Engine.State("wf-1").Results["plan"].Inline); got != plan {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

func ExampleOutcome_HTTPStatus() {
	fmt.Println(callback.Taken.HTTPStatus(), callback.Invalid.HTTPStatus(), callback.Forbidden.HTTPStatus(), callback.Gone.HTTPStatus(), callback.Outcome("").HTTPStatus())
	// Output: 204 400 403 410 500
}
