package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

func decision(outcome task.Outcome, by string) task.Decision {
	return task.Decision{Workflow: "w1", Step: "approve", Decision: outcome, By: by}
}

func TestApprovalLife(t *testing.T) {
	t.Parallel()
	s, _, c := newStore()
	made, err := s.PutApproval(t.Context(), request(0, "one"))
	if err != nil || !made.Expires.Equal(start.Add(10*time.Minute)) {
		t.Fatalf("PutApproval: %+v %v", made, err)
	}
	got, err := s.Approval(t.Context(), "w1", "approve")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("what is read is not what was recorded (-want +got):\n%s", diff)
	}
	c.Pass(time.Minute)
	second, err := s.PutApproval(t.Context(), request(1, "two"))
	if err != nil || second.Token.Token != "two" || !second.Expires.Equal(start.Add(11*time.Minute)) {
		t.Errorf("a second attempt: %+v %v", second, err)
	}
	if old, err := s.PutApproval(t.Context(), request(0, "one")); err != nil || old.Token.Token != "two" {
		t.Errorf("the first attempt again: %+v %v", old, err)
	}
	if stored, won, err := s.Decide(t.Context(), decision(task.OutcomeApproved, "ann")); err != nil || !won || stored.Decision.By != "ann" {
		t.Errorf("Decide: %+v %t %v", stored.Decision, won, err)
	}
	if stored, won, err := s.Decide(t.Context(), decision(task.OutcomeRejected, "bob")); err != nil || won || stored.Decision.By != "ann" {
		t.Errorf("a second decision: %+v %t %v", stored.Decision, won, err)
	}
	// Not yet delivered: it is due, though it has not expired.
	if due, _, err := s.DueApprovals(t.Context(), c.Now(), 10, ""); err != nil || len(due) != 1 {
		t.Errorf("due: %d, %v", len(due), err)
	}
	if closed, err := s.CloseApproval(t.Context(), "w1", "approve"); err != nil || !closed.Delivered {
		t.Errorf("CloseApproval: %+v %v", closed, err)
	}
	if due, _, err := s.DueApprovals(t.Context(), start.Add(time.Hour), 10, ""); err != nil || len(due) != 0 {
		t.Errorf("due after delivery: %d, %v", len(due), err)
	}
	third, err := s.PutApproval(t.Context(), request(2, "three"))
	if err != nil || third.Delivered || third.Decision == nil || third.Token.Token != "three" {
		t.Errorf("an attempt after the decision: %+v %v", third, err)
	}
	if all, err := s.Approvals(t.Context(), "w1"); err != nil || len(all) != 1 {
		t.Errorf("Approvals: %d, %v", len(all), err)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after   time.Duration
		outcome task.Outcome
		want    task.Outcome
		won     bool
	}{
		"in time":          {10*time.Minute - 1, task.OutcomeRejected, task.OutcomeRejected, true},
		"too late":         {10 * time.Minute, task.OutcomeApproved, task.OutcomeExpired, false},
		"it has expired":   {10 * time.Minute, task.OutcomeExpired, task.OutcomeExpired, true},
		"it is said early": {time.Minute, task.OutcomeExpired, task.OutcomeExpired, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, c := newStore()
			if _, err := s.PutApproval(t.Context(), request(0, "t")); err != nil {
				t.Fatal(err)
			}
			c.Pass(tc.after)
			stored, won, err := s.Decide(t.Context(), decision(tc.outcome, ""))
			if err != nil || won != tc.won || stored.Decision.Decision != tc.want {
				t.Errorf("got %+v %t %v", stored.Decision, won, err)
			}
		})
	}
}

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	s, _, _ := newStore()
	if _, _, err := s.Decide(t.Context(), decision(task.OutcomeApproved, "ann")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of an unknown workflow: %v", err)
	}
	if _, err := s.PutApproval(t.Context(), request(0, "t")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Decide(t.Context(), decision("perhaps", "ann")); !errors.Is(err, task.ErrInvalidField) {
		t.Errorf("an unknown outcome: %v", err)
	}
	if _, err := s.CloseApproval(t.Context(), "w1", "approve"); err != nil {
		t.Fatal(err)
	}
	if stored, won, err := s.Decide(t.Context(), decision(task.OutcomeApproved, "ann")); err != nil || won || stored.Decision != nil {
		t.Errorf("after it was closed: %+v %t %v", stored.Decision, won, err)
	}
}

func TestDecisionsRace(t *testing.T) {
	t.Parallel()
	s, _, _ := newStore()
	if _, err := s.PutApproval(t.Context(), request(0, "t")); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var group sync.WaitGroup
	for range 10 {
		for _, outcome := range []task.Outcome{task.OutcomeApproved, task.OutcomeRejected} {
			group.Go(func() {
				_, mine, err := s.Decide(t.Context(), decision(outcome, string(outcome)))
				if err != nil {
					t.Error(err)
				} else if mine {
					won.Add(1)
				}
			})
		}
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d decisions won", won.Load())
	}
}
