package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

// agreeable answers everything with success, three questions and approval.
func agreeable(step string, index, attempt int) answer {
	if step == "approve" {
		return answer{outcome: task.OutcomeApproved}
	}
	return answer{output: fmt.Sprintf(`{"by":"%s %d %d","questions":["a","b","c"]}`, step, index, attempt)}
}

// but is agreeable, but for some attempts, given as "step index attempt".
func but(others map[string]answer) world {
	return func(step string, index, attempt int) answer {
		if a, ok := others[fmt.Sprint(step, " ", index, " ", attempt)]; ok {
			return a
		}
		return agreeable(step, index, attempt)
	}
}

const input = `{"topic":"tea","questions":5,"approval":true}`

func result(step string, index, attempt int, text string) flow.Event {
	return flow.Event{
		Kind: flow.TaskSucceeded, Step: step, Index: index, Attempt: attempt,
		Output: &task.Body{Inline: json.RawMessage(text)},
	}
}

func failed(step string, index, attempt int, name string) flow.Event {
	return flow.Event{Kind: flow.TaskFailed, Step: step, Index: index, Attempt: attempt, Error: name, Cause: "of the test"}
}

func TestHappyWay(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, agreeable)
	end := d.finish(d.start(input), rand.New(rand.NewPCG(1, 1)))
	if end.Status != flow.Succeeded || string(end.Output) != `{"inline":{"by":"write 0 0","questions":["a","b","c"]}}` {
		t.Errorf("got %s, output %s", end.Status, end.Output)
	}
	var got []string
	for _, o := range sortedBySteps(d.orders) {
		got = append(got, fmt.Sprint(o.Step, o.Index, " ", o.Agent))
	}
	want := []string{"plan0 coordinator", "research0 research", "research1 research", "research2 research", "analyze0 analyst", "write0 execution"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if decision, ok := end.Decision("approve"); !ok || decision.Decision != task.OutcomeApproved || decision.By != "ada" {
		t.Errorf("decision: got %+v, %t", decision, ok)
	}
	if _, ok := end.Decision("plan"); ok {
		t.Error("a plan is no decision")
	}
	if len(d.stopped)+len(d.dropped) > 0 || !slices.Equal(d.closed, []string{"approve"}) {
		t.Errorf("stopped %v, dropped %v, closed %v", d.stopped, d.dropped, d.closed)
	}
	if _, ok := end.Wake(); ok {
		t.Error("an ended workflow waits for something")
	}
}

func sortedBySteps(orders []task.Order) []task.Order {
	out := slices.Clone(orders)
	slices.SortStableFunc(out, func(a, b task.Order) int {
		if a.Step != b.Step {
			return 0
		}
		return a.Index - b.Index
	})
	return out
}

func TestApprovalIsOptional(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, agreeable)
	end := d.finish(d.start(`{"topic":"tea","questions":5,"approval":false}`), rand.New(rand.NewPCG(1, 1)))
	if end.Status != flow.Succeeded || len(d.asked) != 0 {
		t.Errorf("got %s, asked %d times", end.Status, len(d.asked))
	}
}

// Whatever is delivered twice, at once or at the end, changes nothing.
func TestDuplicatesChangeNothing(t *testing.T) {
	t.Parallel()
	for _, w := range allFlows() {
		for seed := range uint64(8) {
			d := newDriver(t, w, 0.3, randomWorld(seed))
			d.finish(d.start(firstInput(t, w)), rand.New(rand.NewPCG(seed, 2)))
			want := string(d.state)
			var twice []flow.Event
			for _, e := range d.events {
				twice = append(twice, e, e)
			}
			for name, events := range map[string][]flow.Event{
				"again":                d.events,
				"each twice":           twice,
				"all twice":            slices.Concat(d.events, d.events),
				"with all before it":   withHistory(d.events),
				"from a later attempt": append(slices.Clone(d.events), result("plan", 0, 99, "1"), failed("each", 2, 7, "X")),
			} {
				got := replay(t, w, 0.3, events)
				if got != want {
					t.Fatalf("%s, seed %d, %s:\nwant %s\ngot  %s", w.Name, seed, name, want, got)
				}
			}
		}
	}
}

// withHistory repeats, after every event, all that came before it, with the new time.
func withHistory(events []flow.Event) (out []flow.Event) {
	for i, e := range events {
		out = append(out, e)
		for _, old := range events[:i] {
			old.At = e.At
			out = append(out, old)
		}
	}
	return out
}

func firstInput(t *testing.T, w flow.Workflow) string {
	t.Helper()
	given := `{"topic":"tea"}`
	if w.Name == "everything" {
		given = `{"items":[{"name":"a"},{"name":"b"},{"name":"c"}],"ask":true}`
	}
	prepared, err := w.PrepareInput([]byte(given))
	if err != nil {
		t.Fatal(err)
	}
	return string(prepared)
}

// The items of a map may answer in any order, retries included.
func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	world := but(map[string]answer{"research 1 0": {err: task.ErrorThrottled}, "research 2 0": {}, "research 2 1": {err: "Any.Other"}})
	ends := map[string]int{}
	for seed := range uint64(40) {
		d := newDriver(t, flow.ResearchReport(), 0.5, world)
		end := d.finish(d.start(input), rand.New(rand.NewPCG(seed, 3)))
		if end.Status != flow.Succeeded {
			t.Fatalf("seed %d: got %s", seed, d.state)
		}
		// Only when the approval was given depends on the order.
		delete(end.Results, "approve")
		data, err := end.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ends[string(data)]++
	}
	if len(ends) != 1 {
		t.Errorf("want one end, got %v", ends)
	}
}

func TestFirstAnswerWins(t *testing.T) {
	t.Parallel()
	silent := func(string, int, int) answer { return answer{} }
	for name, tc := range map[string]struct {
		first, second flow.Event
		want          string
	}{
		"two results":            {result("plan", 0, 0, `{"questions":[1]}`), result("plan", 0, 0, `{"questions":[2]}`), `{"questions":[1]}`},
		"a result, then failure": {result("plan", 0, 0, `{"questions":[1]}`), failed("plan", 0, 0, "Late"), `{"questions":[1]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDriver(t, flow.ResearchReport(), 0.5, silent)
			d.start(input)
			d.step(tc.first)
			before := string(d.state)
			s := d.step(tc.second)
			if got := string(s.Results["plan"].Inline); got != tc.want || string(d.state) != before {
				t.Errorf("want %s, got %s", tc.want, got)
			}
			if !slices.Equal(d.dropped, []flow.Reason{flow.Closed}) {
				t.Errorf("dropped %v", d.dropped)
			}
		})
	}
	t.Run("a failure, then a result", func(t *testing.T) {
		t.Parallel()
		d := newDriver(t, flow.ResearchReport(), 0.5, silent)
		d.start(input)
		d.step(failed("plan", 0, 0, "Early"))
		s := d.step(result("plan", 0, 0, `{"questions":[2]}`))
		if len(s.Results) != 0 || !slices.Equal(d.dropped, []flow.Reason{flow.Closed}) {
			t.Errorf("got %s, dropped %v", d.state, d.dropped)
		}
	})
	t.Run("of an item that is not there", func(t *testing.T) {
		t.Parallel()
		d := newDriver(t, flow.ResearchReport(), 0.5, silent)
		d.start(input)
		for _, index := range []int{-1, 1} {
			d.step(result("plan", index, 0, `1`))
		}
		if !slices.Equal(d.dropped, []flow.Reason{flow.Closed, flow.Closed}) {
			t.Errorf("dropped %v", d.dropped)
		}
	})
}

func TestStepRefuses(t *testing.T) {
	t.Parallel()
	m, err := flow.NewMachine(flow.ResearchReport(), flow.JitterByID)
	if err != nil {
		t.Fatal(err)
	}
	started, _, err := m.Step(flow.State{}, flow.Event{Kind: flow.Started, At: noon, Workflow: "wf-1", Input: json.RawMessage(input)})
	if err != nil {
		t.Fatal(err)
	}
	older := started
	older.Digest = "of an older version"
	for name, tc := range map[string]struct {
		state flow.State
		event flow.Event
		want  error
		text  string
	}{
		"not started":        {flow.State{}, flow.Event{Kind: flow.Clock, At: noon}, flow.ErrInvalidEvent, "invalid event clock: the workflow has not started"},
		"another version":    {older, flow.Event{Kind: flow.Clock, At: noon}, flow.ErrOtherWorkflow, "the state belongs to another workflow, or to another version of it: research-report"},
		"no time":            {started, flow.Event{Kind: flow.Clock}, flow.ErrInvalidEvent, "invalid event clock: at must be set"},
		"no kind":            {started, flow.Event{Kind: "new", At: noon}, flow.ErrInvalidEvent, "invalid event new: is no kind of event"},
		"no workflow id":     {flow.State{}, flow.Event{Kind: flow.Started, At: noon}, flow.ErrInvalidEvent, "invalid event started: workflow: must not be empty"},
		"no input":           {flow.State{}, flow.Event{Kind: flow.Started, At: noon, Workflow: "w"}, flow.ErrInvalidEvent, "invalid event started: input must be an object"},
		"input is a list":    {flow.State{}, flow.Event{Kind: flow.Started, At: noon, Workflow: "w", Input: json.RawMessage(`[]`)}, flow.ErrInvalidEvent, ""},
		"no output":          {started, flow.Event{Kind: flow.TaskSucceeded, At: noon}, flow.ErrInvalidEvent, "invalid event task_succeeded: output must be set"},
		"empty output":       {started, flow.Event{Kind: flow.TaskSucceeded, At: noon, Output: &task.Body{}}, flow.ErrInvalidEvent, ""},
		"the engine's":       {started, flow.Event{Kind: flow.TaskFailed, At: noon, Error: "States.Timeout"}, flow.ErrInvalidEvent, ""},
		"expired by hand":    {started, flow.Event{Kind: flow.ApprovalDecided, At: noon, Step: "approve", Outcome: task.OutcomeExpired}, flow.ErrInvalidEvent, `invalid event approval_decided: outcome must be approved or rejected, got "expired"`},
		"a long comment":     {started, flow.Event{Kind: flow.ApprovalDecided, At: noon, Step: "approve", Outcome: task.OutcomeApproved, Comment: string(make([]byte, 3000))}, task.ErrInvalidField, ""},
		"a decision on \"\"": {started, flow.Event{Kind: flow.ApprovalDecided, At: noon, Outcome: task.OutcomeApproved}, flow.ErrInvalidEvent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, commands, err := m.Step(tc.state, tc.event)
			if !errors.Is(err, tc.want) || tc.text != "" && err.Error() != tc.text {
				t.Errorf("want %v %q, got %v", tc.want, tc.text, err)
			}
			if diff := cmp.Diff(tc.state, got); diff != "" || commands != nil {
				t.Errorf("commands %v, state (-want +got):\n%s", commands, diff)
			}
		})
	}
	if _, _, err := m.Step(started, flow.Event{Kind: flow.Started, At: noon, Workflow: "wf-1", Input: json.RawMessage(input)}); err != nil {
		t.Errorf("a start that is repeated: %v", err)
	}
}

func TestNewMachineRefuses(t *testing.T) {
	t.Parallel()
	if _, err := flow.NewMachine(flow.Workflow{Name: "empty"}, flow.JitterByID); err == nil {
		t.Error("want an error")
	}
}

func TestDecodeStateRefuses(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "[]", `{"novel":1}`} {
		if _, err := flow.DecodeState([]byte(data)); err == nil {
			t.Errorf("%q: want an error", data)
		}
	}
}
