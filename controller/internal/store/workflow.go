package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// PutWorkflow records a workflow that starts: running, and from now when w does
// not say. When its id is taken, it returns the record that was there and created is false.
func (s *Store) PutWorkflow(ctx context.Context, w Workflow) (stored Workflow, created bool, err error) {
	if err := task.CheckWorkflowID(w.ID); err != nil {
		return Workflow{}, false, err
	}
	if w.Status == "" {
		w.Status = flow.Running
	}
	if w.Created.IsZero() {
		w.Created = s.clock.Now()
	}
	w.Created, w.Updated = w.Created.UTC(), w.Created.UTC()
	return workflows.getOrCreate(ctx, s.table, workflowKey(w.ID), w, w.Created.Add(maxLife+s.keep))
}

// Workflow returns the record of a workflow. ErrNotFound.
func (s *Store) Workflow(ctx context.Context, id string) (Workflow, error) {
	if !isWorkflow(id) {
		return Workflow{}, ErrNotFound
	}
	return workflows.get(ctx, s.table, workflowKey(id))
}

// Workflows lists those of a status. It may lag behind. from is Next of the list
// before: port.ErrInvalidCursor.
func (s *Store) Workflows(ctx context.Context, status flow.Status, limit int, from string) (List, error) {
	records, next, err := workflows.list(ctx, s.table, port.Query{
		PK: statusIndex(status), Index: true, Descending: true, Limit: limit, From: from,
	})
	return List{Workflows: records, Next: next}, err
}

// EndWorkflow records how a workflow ended. The first end counts: ended is false
// when it had ended before, and stored is how. ErrNotFound.
func (s *Store) EndWorkflow(ctx context.Context, id string, status flow.Status, output []byte, name, cause string) (stored Workflow, ended bool, err error) {
	if status == flow.Running {
		return Workflow{}, false, fmt.Errorf("workflow %s: must end with a status other than %s", id, status)
	}
	if !isWorkflow(id) {
		return Workflow{}, false, ErrNotFound
	}
	now := s.clock.Now()
	expires := now.Add(s.keep)
	stored, ended, err = workflows.update(ctx, s.table, workflowKey(id), func(w *Workflow, at *time.Time) bool {
		if w.Status != flow.Running {
			return false
		}
		w.Status, w.Output, w.Error, w.Cause = status, output, name, cause
		w.Updated, w.Ended = now, &now
		*at = expires
		return true
	})
	if ended {
		s.expire(ctx, id, expires)
	}
	return stored, ended, err
}

// expire has the records that belong to a workflow go when its own does. What it does
// not reach goes later by itself, see maxLife: it is not worth failing for.
func (s *Store) expire(ctx context.Context, id string, expires time.Time) {
	soon := func(at *time.Time) bool {
		later := at.IsZero() || at.After(expires)
		*at = expires
		return later
	}
	records, _ := tasks.all(ctx, s.table, id, taskPrefix)
	for _, t := range records {
		_, _, _ = tasks.update(ctx, s.table, taskKey(id, t.ID), func(_ *Task, at *time.Time) bool { return soon(at) })
	}
	asked, _ := approvals.all(ctx, s.table, id, approvalPrefix)
	for _, a := range asked {
		_, _, _ = approvals.update(ctx, s.table, approvalKey(id, a.Request.Step), func(_ *Approval, at *time.Time) bool { return soon(at) })
	}
}
