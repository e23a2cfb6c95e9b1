package checker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// forgotten is after how long a workflow that the engine does not know was not just
// recorded and never started: Step Functions forgets executions, after 90 days.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const forgotten = 24 * time.Hour

// ErrorLost is how a workflow ends that the engine knows nothing of.
const ErrorLost = "Flow.Lost"

// workflows compares the records of running workflows with the engine.
func (p *pass) workflows(ctx context.Context) error {
	return p.pages("running workflows", func(limit int, from string) (int, string, error) {
		list, err := p.Store.Workflows(ctx, flow.Running, limit, from)
		for _, w := range list.Workflows {
			p.problem(ctx, p.workflow(ctx, w), slog.String("workflow", w.ID), slog.String("flow", w.Flow))
		}
		return len(list.Workflows), list.Next, err
	})
}

func (p *pass) workflow(ctx context.Context, w store.Workflow) error {
	after, err := p.Settler.Reconcile(ctx, w)
	if errors.Is(err, port.ErrNotFound) {
		return p.unknown(ctx, w)
	}
	if err == nil && after.Status != flow.Running {
		p.report.Ended++
	}
	return err
}

// unknown is for a workflow that was recorded and that the engine does not know: the
// program died in between. Whoever asked for it has got no answer and may never ask again.
func (p *pass) unknown(ctx context.Context, w store.Workflow) error {
	age := p.now.Sub(w.Created)
	switch {
	case age < p.NotStarted:
		return nil
	case age < forgotten:
		if err := p.Engine.Start(ctx, w.Flow, w.ID, w.Input); err != nil {
			return err
		}
		p.report.Started++
		return nil
	}
	_, err := p.Settler.End(ctx, w.ID, port.ExecutionStatus{
		Status: string(flow.Failed), Error: ErrorLost, Cause: "the engine knows no such execution",
	})
	if err == nil {
		p.report.Ended++
	}
	return err
}

// approvals looks after approvals that the engine has no decision of.
func (p *pass) approvals(ctx context.Context) error {
	// All of them, in order to find those of workflows that have ended: an
	// approval expires within a year.
	until := p.now.Add(task.MaxSeconds * time.Second)
	return p.pages("open approvals", func(limit int, from string) (int, string, error) {
		approvals, next, err := p.Store.DueApprovals(ctx, until, limit, from)
		for _, a := range approvals {
			p.problem(ctx, p.approval(ctx, a), slog.String("workflow", a.Request.Workflow), slog.String("step", a.Request.Step))
		}
		return len(approvals), next, err
	})
}

func (p *pass) approval(ctx context.Context, a store.Approval) error {
	workflow, step := a.Request.Workflow, a.Request.Step
	a, err := p.Store.Approval(ctx, workflow, step)
	if err != nil || a.Delivered {
		return err
	}
	ended, err := p.hasEnded(ctx, workflow)
	switch {
	case err != nil:
		return err
	case ended:
		return p.Settler.CloseApproval(ctx, a)
	case a.Decision == nil && p.now.Before(a.Expires):
		return nil
	case a.Decision == nil:
		if a, _, err = p.Store.Decide(ctx, task.Decision{
			Workflow: workflow, Step: step, Decision: task.OutcomeExpired, At: a.Expires,
		}); err != nil {
			return err
		}
		p.report.Expired++
	case p.now.Sub(a.Decision.At) < p.Undelivered:
		return nil // whoever recorded it is about to
	default:
		p.report.Delivered++
	}
	_, err = p.Settler.Decision(ctx, a)
	return err
}

func notThere(err error) bool { return errors.Is(err, store.ErrNotFound) }
