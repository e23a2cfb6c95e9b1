package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestRetries(t *testing.T) {
	t.Parallel()
	// 5 s, doubled, half of it by the jitter.
	d := newDriver(t, flow.ResearchReport(), 0.5, func(string, int, int) answer { return answer{err: "Any.Error", cause: "always"} })
	s := d.start(input)
	for attempt, delay := range []time.Duration{2500 * time.Millisecond, 5 * time.Second, 10 * time.Second} {
		s = d.step(failed("plan", 0, attempt, "Any.Error"))
		want := d.now.Add(delay)
		if at, _ := s.Wake(); !at.Equal(want) || s.Tasks[0].Phase != flow.TaskBackoff || s.Tasks[0].Attempt != attempt+1 {
			t.Fatalf("attempt %d: want the next at %s, got %s", attempt, want, d.state)
		}
		d.now = want.Add(-1)
		if s = d.step(flow.Event{Kind: flow.Clock}); s.Tasks[0].Phase != flow.TaskBackoff {
			t.Fatal("the next attempt has started before its time")
		}
		s = d.tick(s)
	}
	s = d.step(failed("plan", 0, 3, "Any.Error"))
	if s.Status != flow.Failed || s.Error != "Any.Error" || s.Cause != "of the test" || len(d.orders) != 4 {
		t.Errorf("got %s after %d attempts", d.state, len(d.orders))
	}
}

func TestNoRetry(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, agreeable)
	d.start(input)
	if s := d.step(failed("plan", 0, 0, task.ErrorAccessDenied)); s.Status != flow.Failed || s.Error != task.ErrorAccessDenied || len(d.stopped) != 0 {
		t.Errorf("got %s", d.state)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	retry := flow.Retry{MaxAttempts: 9, Interval: 10, BackoffRate: 1.5, MaxDelay: 20}
	open := flow.Retry{MaxAttempts: 9, Interval: 10, BackoffRate: 10}
	for name, tc := range map[string]struct {
		retry   flow.Retry
		attempt int
		random  float64
		want    time.Duration
	}{
		"first":           {retry, 0, 0.5, 5 * time.Second},
		"second":          {retry, 1, 0.5, 7500 * time.Millisecond},
		"third":           {retry, 2, 0.5, 10 * time.Second},
		"no luck":         {retry, 2, 0, 0},
		"below one":       {retry, 0, math.Nextafter(1, 0), 9999 * time.Millisecond},
		"without a limit": {open, 3, 0.1, 1000 * time.Second},
		"beyond numbers":  {open, 99999999, 0.5, task.MaxSeconds / 2 * time.Second},
	} {
		if got := tc.retry.Delay(tc.attempt, tc.random); got != tc.want {
			t.Errorf("%s: want %s, got %s", name, tc.want, got)
		}
	}
}

func TestJitterByID(t *testing.T) {
	t.Parallel()
	sum, seen := 0.0, map[float64]bool{}
	for attempt := range 1000 {
		id := task.NewID("wf-1", "plan", 0, attempt)
		random := flow.JitterByID(id)
		if random < 0 || random >= 1 || random != flow.JitterByID(id) {
			t.Fatalf("%s: got %g", id, random)
		}
		sum += random
		seen[random] = true
	}
	if len(seen) != 1000 || math.Abs(sum/1000-0.5) > 0.05 {
		t.Errorf("%d different numbers, mean %g", len(seen), sum/1000)
	}
	if got := flow.JitterByID("no id"); got != 0 {
		t.Errorf("want 0, got %g", got)
	}
}

func TestTimeoutAndHeartbeat(t *testing.T) {
	t.Parallel()
	w := flow.ResearchReport()
	w.Steps[0].Agent.Heartbeat = 2 * flow.Minute
	d := newDriver(t, w, 0, func(string, int, int) answer { return answer{} })
	s := d.start(input)
	beat := func(after time.Duration) flow.State {
		d.now = noon.Add(after)
		return d.step(flow.Event{Kind: flow.TaskHeartbeat, Step: "plan"})
	}
	for after := time.Duration(0); after < 9*time.Minute; after += 108 * time.Second {
		s = beat(after)
	}
	// An old heartbeat that comes late takes nothing away, one of another attempt gives nothing.
	want, _ := s.Wake()
	d.step(flow.Event{Kind: flow.TaskHeartbeat, Step: "plan", At: noon})
	s = d.step(flow.Event{Kind: flow.TaskHeartbeat, Step: "plan", Attempt: 1})
	if at, _ := s.Wake(); !at.Equal(want) || !at.Equal(noon.Add(9*time.Minute+12*time.Second)) {
		t.Fatalf("want %s, got %s", want, at)
	}
	s = d.tick(s) // silent; with the jitter of 0 the next attempt starts at once
	if s.Tasks[0].Attempt != 1 || s.Tasks[0].Phase != flow.TaskRunning {
		t.Fatalf("got %s", d.state)
	}
	begin := d.now
	for after := time.Minute; after < 10*time.Minute; after += time.Minute {
		d.now = begin.Add(after)
		s = d.step(flow.Event{Kind: flow.TaskHeartbeat, Step: "plan", Attempt: 1})
	}
	s = d.tick(s)
	if got := d.now.Sub(begin); got != 10*time.Minute {
		t.Fatalf("want the timeout after 10m, got %s", got)
	}
	if diff := cmp.Diff([]flow.TaskRef{{Step: "plan"}, {Step: "plan", Attempt: 1}}, d.stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	for range 2 {
		s = d.tick(s)
	}
	if s.Status != flow.Failed || s.Error != "States.HeartbeatTimeout" {
		t.Errorf("got %s", d.state)
	}
}

func TestMapKeepsItsCap(t *testing.T) {
	t.Parallel()
	questions := `{"questions":[0,1,2,3,4,5,6,7,8,9,10,11]}`
	world := but(map[string]answer{"plan 0 0": {output: questions}, "research 3 0": {err: "Any.Error"}})
	d := newDriver(t, flow.ResearchReport(), 0.5, world)
	end := d.finish(d.start(input), rand.New(rand.NewPCG(7, 7)))
	if d.most != 4 || end.Status != flow.Succeeded {
		t.Errorf("want 4 at once, got %d, %s", d.most, end.Status)
	}
	list := end.Results["research"].List
	for i, body := range list {
		attempt := 0
		if i == 3 {
			attempt = 1
		}
		if want := agreeable("research", i, attempt).output; string(body.Inline) != want {
			t.Errorf("item %d: want %s, got %s", i, want, body.Inline)
		}
	}
	if len(list) != 12 {
		t.Errorf("want 12 results, got %d", len(list))
	}
}

func TestMapsThatDoNotRun(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		plan   answer
		status flow.Status
		err    string
		cause  string
	}{
		"empty":     {answer{output: `{"questions":[]}`}, flow.Succeeded, "", ""},
		"too many":  {answer{output: `{"questions":[1,2,3,4,5,6,7,8,9,10,11,12,13]}`}, flow.Failed, flow.ErrorTooManyItems, "plan.questions has more than 12 items"},
		"no list":   {answer{output: `{"questions":{}}`}, flow.Failed, "States.Runtime", "plan.questions: is no list"},
		"null":      {answer{output: `{"questions":null}`}, flow.Failed, "States.Runtime", "plan.questions: is no list"},
		"missing":   {answer{output: `{}`}, flow.Failed, "States.Runtime", "plan.questions: is not there"},
		"no object": {answer{output: `1`}, flow.Failed, "States.Runtime", "plan.questions: is not there"},
		"elsewhere": {
			answer{ref: &task.Ref{SHA256: task.Ref{}.SHA256 + fmt.Sprintf("%064d", 1), Size: 9000}},
			flow.Failed, "States.Runtime", "plan.questions: is not there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDriver(t, flow.ResearchReport(), 0.5, but(map[string]answer{"plan 0 0": tc.plan}))
			end := d.finish(d.start(input), rand.New(rand.NewPCG(1, 1)))
			if end.Status != tc.status || end.Error != tc.err || end.Cause != tc.cause {
				t.Errorf("got %s %q %q", end.Status, end.Error, end.Cause)
			}
			if tc.status == flow.Succeeded && end.Results["research"].List == nil {
				t.Error("want an empty list of results")
			}
		})
	}
}

func TestOneFailedItemStopsTheOthers(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, func(string, int, int) answer { return answer{} })
	d.start(input)
	d.step(result("plan", 0, 0, `{"questions":[0,1,2,3,4]}`))
	d.step(failed("research", 2, 0, "Any.Error")) // in its backoff it runs nowhere
	s := d.step(failed("research", 1, 0, task.ErrorRefused))
	if s.Status != flow.Failed || s.Error != task.ErrorRefused {
		t.Fatalf("got %s", d.state)
	}
	want := []flow.TaskRef{{Step: "research", Index: 0}, {Step: "research", Index: 3}}
	if diff := cmp.Diff(want, d.stopped); diff != "" {
		t.Errorf("stopped (-want +got):\n%s", diff)
	}
	d.step(result("research", 0, 0, `"late"`))
	if !slices.Equal(d.dropped, []flow.Reason{flow.Finished}) {
		t.Errorf("dropped %v", d.dropped)
	}
}
