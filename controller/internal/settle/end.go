package settle

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// Reconcile asks the engine how a running workflow stands and, when it has ended,
// records that. port.ErrNotFound when the engine has never heard of it.
func (s *Settler) Reconcile(ctx context.Context, w store.Workflow) (store.Workflow, error) {
	if w.Status != flow.Running {
		return w, nil
	}
	status, err := s.Engine.Describe(ctx, w.Flow, w.ID)
	if err != nil {
		return w, err
	}
	if flow.Status(status.Status) == flow.Running {
		return w, nil
	}
	return s.End(ctx, w.ID, status)
}

// End records how a workflow ended, stops its runs and closes what is open of it.
// The first end counts.
func (s *Settler) End(ctx context.Context, workflow string, status port.ExecutionStatus) (store.Workflow, error) {
	how := flow.Status(status.Status)
	stored, ended, err := s.Store.EndWorkflow(ctx, workflow, how, status.Output, status.Error, status.Cause)
	if errors.Is(err, port.ErrPermanent) {
		// Input and output together may be more than a record holds.
		const cause = "the output is too long for the record: the execution has it"
		stored, ended, err = s.Store.EndWorkflow(ctx, workflow, how, nil, status.Error, cause)
	}
	if err != nil {
		return stored, err
	}
	if ended {
		s.Log.LogAttrs(ctx, slog.LevelInfo, "workflow ended", slog.String("workflow", workflow),
			slog.String("flow", stored.Flow), slog.String("status", string(stored.Status)), slog.String("error", stored.Error))
	}
	return stored, s.Clean(ctx, workflow)
}

// Clean stops the runs of a workflow that has ended, and closes what is open of it.
// One problem does not keep it from the rest.
func (s *Settler) Clean(ctx context.Context, workflow string) error {
	tasks, err := s.Store.Tasks(ctx, workflow)
	if err != nil {
		return err
	}
	var problems []error
	for _, t := range tasks {
		problems = append(problems, s.Release(ctx, t, "the workflow has ended"))
	}
	approvals, err := s.Store.Approvals(ctx, workflow)
	problems = append(problems, err)
	for _, a := range approvals {
		problems = append(problems, s.CloseApproval(ctx, a))
	}
	return errors.Join(problems...)
}

// Release stops the run of a task that nobody waits for and closes its record.
// Without a Runner it leaves one with a run to the checker.
func (s *Settler) Release(ctx context.Context, t store.Task, reason string) error {
	switch t.Status {
	case store.TaskAnswered:
		_, err := s.Deliver(ctx, t)
		return err
	case store.TaskClosed:
		return nil
	}
	if t.Run != "" {
		if s.Runner == nil {
			return nil
		}
		if err := s.Runner.Stop(ctx, t.Run, reason); err != nil {
			return err
		}
	}
	_, err := s.Store.CloseTask(ctx, t.ID, false)
	return err
}

// CloseApproval closes the approval of a workflow that has ended.
func (s *Settler) CloseApproval(ctx context.Context, a store.Approval) error {
	if a.Delivered {
		return nil
	}
	if a.Decision != nil {
		_, err := s.Decision(ctx, a)
		return err
	}
	_, err := s.Store.CloseApproval(ctx, a.Request.Workflow, a.Request.Step)
	return err
}
