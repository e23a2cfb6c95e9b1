package store

import (
	"context"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// PutApproval records a request. The highest attempt's token waits, from now on
// for its time; a decision stays, and is to be delivered anew to that token.
func (s *Store) PutApproval(ctx context.Context, r task.ApprovalRequest) (Approval, error) {
	if _, err := r.Encode(); err != nil { // checks every field
		return Approval{}, err
	}
	now := s.clock.Now()
	a := Approval{
		Request: r, Token: Secret{r.Token}, Created: now,
		Expires: now.Add(time.Duration(r.Timeout) * time.Second),
	}
	a.Request.Token = ""
	key := approvalKey(r.Workflow, r.Step)
	stored, created, err := approvals.getOrCreate(ctx, s.table, key, a, now.Add(maxLife+s.keep))
	if err != nil || created || stored.Request.Attempt >= r.Attempt {
		return stored, err
	}
	stored, _, err = approvals.update(ctx, s.table, key, func(old *Approval, _ *time.Time) bool {
		if old.Request.Attempt >= r.Attempt {
			return false
		}
		old.Request, old.Token, old.Expires, old.Delivered = a.Request, a.Token, a.Expires, false
		return true
	})
	return stored, err
}

// Approval returns the record of an approval. ErrNotFound.
func (s *Store) Approval(ctx context.Context, workflow, step string) (Approval, error) {
	if !isApproval(workflow, step) {
		return Approval{}, ErrNotFound
	}
	return approvals.get(ctx, s.table, approvalKey(workflow, step))
}

// Approvals returns the records of all approvals of a workflow, by step. Of an
// unknown workflow there are none.
func (s *Store) Approvals(ctx context.Context, workflow string) ([]Approval, error) {
	if !isWorkflow(workflow) {
		return nil, nil
	}
	return approvals.all(ctx, s.table, workflow, approvalPrefix)
}

// Decide records a decision, made now when it does not say when. The first
// counts: won is false when there was one, or when the approval was closed without.
// After the request's expiry the decision recorded is the expiry, whatever d is. ErrNotFound.
func (s *Store) Decide(ctx context.Context, d task.Decision) (stored Approval, won bool, err error) {
	now := s.clock.Now()
	if d.At.IsZero() {
		d.At = now
	}
	if _, err := d.Encode(); err != nil { // checks every field
		return Approval{}, false, err
	}
	stored, written, err := approvals.update(ctx, s.table, approvalKey(d.Workflow, d.Step), func(a *Approval, _ *time.Time) bool {
		if a.Decision != nil || a.Delivered {
			return false
		}
		decision := d
		if !now.Before(a.Expires) {
			decision = task.Decision{Workflow: d.Workflow, Step: d.Step, Decision: task.OutcomeExpired, At: a.Expires}
		}
		a.Decision = &decision
		return true
	})
	return stored, written && stored.Decision.Decision == d.Decision, err
}

// CloseApproval records that the engine has the decision, or does not want one.
// ErrNotFound.
func (s *Store) CloseApproval(ctx context.Context, workflow, step string) (Approval, error) {
	if !isApproval(workflow, step) {
		return Approval{}, ErrNotFound
	}
	a, _, err := approvals.update(ctx, s.table, approvalKey(workflow, step), func(a *Approval, _ *time.Time) bool {
		if a.Delivered {
			return false
		}
		a.Delivered = true
		return true
	})
	return a, err
}

// DueApprovals lists undelivered ones that expire until then, or were decided
// until then. It may lag behind.
func (s *Store) DueApprovals(ctx context.Context, until time.Time, limit int, from string) (records []Approval, next string, err error) {
	return approvals.list(ctx, s.table, port.Query{
		PK: openApprovals, Index: true, Until: through(until), Limit: limit, From: from,
	})
}
