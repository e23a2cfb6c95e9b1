package flow_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	cancel := flow.Event{Kind: flow.CancelRequested}
	t.Run("tasks", func(t *testing.T) {
		t.Parallel()
		d := newDriver(t, flow.ResearchReport(), 0.5, func(string, int, int) answer { return answer{} })
		d.start(input)
		d.step(result("plan", 0, 0, `{"questions":[0,1,2,3,4]}`))
		s := d.step(cancel)
		if s.Status != flow.Cancelled || len(d.stopped) != 4 || s.Step != "research" {
			t.Errorf("got %s, stopped %v", d.state, d.stopped)
		}
		before := string(d.state)
		d.step(result("research", 0, 0, `"late"`))
		d.step(cancel)
		d.step(flow.Event{Kind: flow.ApprovalDecided, Step: "approve", Outcome: task.OutcomeApproved})
		d.step(flow.Event{Kind: flow.Clock, At: noon.AddDate(1, 0, 0)})
		if want := []flow.Reason{flow.Finished, flow.Finished, flow.Finished}; !slices.Equal(d.dropped, want) || string(d.state) != before {
			t.Errorf("dropped %v", d.dropped)
		}
	})
	t.Run("an approval", func(t *testing.T) {
		t.Parallel()
		d := atApproval(t)
		s := d.step(cancel)
		d.step(flow.Event{Kind: flow.ApprovalDecided, Step: "approve", Outcome: task.OutcomeApproved})
		if s.Status != flow.Cancelled || !slices.Equal(d.closed, []string{"approve"}) || !slices.Equal(d.dropped, []flow.Reason{flow.Finished}) {
			t.Errorf("got %s, closed %v, dropped %v", d.state, d.closed, d.dropped)
		}
	})
}

// atApproval is a driver whose workflow waits for the approval, asked at noon.
func atApproval(t *testing.T) *driver {
	t.Helper()
	d := newDriver(t, flow.ResearchReport(), 0.5, func(step string, index, attempt int) answer {
		if step == "approve" {
			return answer{}
		}
		return agreeable(step, index, attempt)
	})
	d.start(input)
	for len(d.inbox) > 0 {
		e := d.inbox[0]
		d.inbox = d.inbox[1:]
		d.step(e)
	}
	if len(d.asked) != 1 {
		t.Fatalf("got %s", d.state)
	}
	d.orders = nil
	return d
}

func TestApprovalIsDecidedOnce(t *testing.T) {
	t.Parallel()
	decide := func(outcome task.Outcome, by string, after time.Duration) flow.Event {
		return flow.Event{Kind: flow.ApprovalDecided, Step: "approve", Outcome: outcome, By: by, Comment: "mine", At: noon.Add(after)}
	}
	const limit = 72 * time.Hour
	for name, tc := range map[string]struct {
		events  []flow.Event
		want    task.Decision
		status  flow.Status
		err     string
		dropped []flow.Reason
	}{
		"approved, then rejected": {
			[]flow.Event{decide(task.OutcomeApproved, "ada", 0), decide(task.OutcomeRejected, "bob", 0)},
			task.Decision{Decision: task.OutcomeApproved, By: "ada", Comment: "mine", At: noon}, flow.Running, "", []flow.Reason{flow.Decided},
		},
		"rejected, then approved": {
			[]flow.Event{decide(task.OutcomeRejected, "bob", time.Hour), decide(task.OutcomeApproved, "ada", time.Hour)},
			task.Decision{Decision: task.OutcomeRejected, By: "bob", Comment: "mine", At: noon.Add(time.Hour)}, flow.Failed, "Approval.Rejected",
			[]flow.Reason{flow.Decided},
		},
		"in the last moment": {
			[]flow.Event{decide(task.OutcomeApproved, "ada", limit-1)},
			task.Decision{Decision: task.OutcomeApproved, By: "ada", Comment: "mine", At: noon.Add(limit - 1)}, flow.Running, "", nil,
		},
		"expired": {
			[]flow.Event{{Kind: flow.Clock, At: noon.Add(limit)}},
			task.Decision{Decision: task.OutcomeExpired, At: noon.Add(limit)}, flow.Failed, "Approval.Expired", nil,
		},
		"expired, noticed later": {
			[]flow.Event{{Kind: flow.Clock, At: noon.Add(2 * limit)}},
			task.Decision{Decision: task.OutcomeExpired, At: noon.Add(limit)}, flow.Failed, "Approval.Expired", nil,
		},
		"too late, noticed by the decision": {
			[]flow.Event{decide(task.OutcomeApproved, "ada", limit)},
			task.Decision{Decision: task.OutcomeExpired, At: noon.Add(limit)}, flow.Failed, "Approval.Expired", []flow.Reason{flow.Decided},
		},
		"too late, while the engine was down": {
			[]flow.Event{{Kind: flow.Resumed, At: noon.Add(limit)}, decide(task.OutcomeApproved, "ada", limit)},
			task.Decision{Decision: task.OutcomeExpired, At: noon.Add(limit)}, flow.Failed, "Approval.Expired", []flow.Reason{flow.Decided},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := atApproval(t)
			var s flow.State
			for _, e := range tc.events {
				s = d.step(e)
			}
			tc.want.Workflow, tc.want.Step = "wf-1", "approve"
			got, _ := s.Decision("approve")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if s.Status != tc.status || s.Error != tc.err || !slices.Equal(d.dropped, tc.dropped) {
				t.Errorf("got %s %q, dropped %v", s.Status, s.Error, d.dropped)
			}
			if !slices.Equal(d.closed, []string{"approve"}) {
				t.Errorf("closed %v", d.closed)
			}
		})
	}
}

func TestDecisionOutOfPlace(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, func(string, int, int) answer { return answer{} })
	d.start(input)
	for _, step := range []string{"approve", "plan", "no_such_step"} {
		d.step(flow.Event{Kind: flow.ApprovalDecided, Step: step, Outcome: task.OutcomeApproved})
	}
	if want := []flow.Reason{flow.Closed, flow.Closed, flow.Closed}; !slices.Equal(d.dropped, want) {
		t.Errorf("dropped %v", d.dropped)
	}
}

func TestWorkflowTimesOut(t *testing.T) {
	t.Parallel()
	w := flow.ResearchReport()
	w.Timeout = flow.Minute
	d := newDriver(t, w, 0.5, func(string, int, int) answer { return answer{} })
	s := d.tick(d.start(input))
	if s.Status != flow.TimedOut || d.now != noon.Add(time.Minute) || len(d.stopped) != 1 || s.Error != "" {
		t.Errorf("got %s at %s", d.state, d.now)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	d := newDriver(t, flow.ResearchReport(), 0.5, func(string, int, int) answer { return answer{} })
	d.start(input)
	d.step(result("plan", 0, 0, `{"questions":[0,1,2,3,4]}`))
	d.step(failed("research", 1, 0, "Any.Error"))
	d.orders, d.now = nil, noon.Add(time.Hour)
	s := d.step(flow.Event{Kind: flow.Resumed})
	var got []string
	for _, o := range d.orders {
		got = append(got, fmt.Sprint(o.Index, o.Attempt))
	}
	// The three that ran run on as the same attempts, the one in its backoff starts.
	if diff := cmp.Diff([]string{"0 0", "2 0", "3 0", "1 1"}, got); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	if at, _ := s.Wake(); !at.Equal(d.now.Add(8 * time.Minute)) {
		t.Errorf("got %s", at)
	}
	if len(d.stopped)+len(d.dropped) != 0 {
		t.Errorf("stopped %v, dropped %v", d.stopped, d.dropped)
	}
	d = atApproval(t)
	if d.step(flow.Event{Kind: flow.Resumed, At: noon.Add(time.Hour)}); len(d.asked) != 2 || len(d.orders) != 0 {
		t.Errorf("asked %d times", len(d.asked))
	}
	d.step(flow.Event{Kind: flow.CancelRequested})
	before := string(d.state)
	if d.step(flow.Event{Kind: flow.Resumed}); string(d.state) != before || len(d.asked) != 2 {
		t.Error("an ended workflow was resumed")
	}
}
