package control

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// Config is what a Service works with. All are required, except as noted.
type Config struct {
	Store   *store.Store
	Engine  port.Engine
	Clock   port.Clock
	Settler *settle.Settler // with a Runner, to stop runs on cancel
	Log     *slog.Logger
	// Flows are the workflows that can be started. Default: flow.Workflows.
	Flows []flow.Workflow
}

// Service does what is asked for.
type Service struct{ Config }

// New returns a Service.
func New(c Config) *Service {
	if c.Flows == nil {
		c.Flows = flow.Workflows()
	}
	return &Service{c}
}

// current returns a workflow as it stands now: what the engine has ended is
// recorded as ended before anything else is said about it.
func (s *Service) current(ctx context.Context, id string) (store.Workflow, error) {
	w, err := s.Store.Workflow(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return w, unknownWorkflow(id)
	}
	if err != nil {
		return w, err
	}
	after, err := s.Settler.Reconcile(ctx, w)
	if errors.Is(err, port.ErrNotFound) {
		return w, nil // recorded and not started yet: start, or the checker, goes on
	}
	return after, err
}

// Cancel stops a workflow, and then what runs of it. by and comment may be empty. Of
// one that was cancelled before it changes nothing. The workflow that it returns is
// still running when the engine takes its time.
func (s *Service) Cancel(ctx context.Context, id, by, comment string) (store.Workflow, error) {
	if err := invalid(checkWorkflow(id), checkText("by", by, false), checkText("comment", comment, false)); err != nil {
		return store.Workflow{}, err
	}
	w, err := s.current(ctx, id)
	if err != nil {
		return w, err
	}
	switch w.Status {
	case flow.Running:
	case flow.Cancelled:
		return w, s.Settler.Clean(ctx, id) // a cancel before may have been cut short
	default:
		return w, refuse(http.StatusConflict, WorkflowEnded, "workflow %q has ended: it has %s", id, w.Status)
	}
	cause := "cancelled"
	if by != "" {
		cause += " by " + by
	}
	if comment != "" {
		cause += ": " + comment
	}
	err = s.Engine.Cancel(ctx, w.Flow, id, cause)
	if errors.Is(err, port.ErrNotFound) {
		// Recorded and never started; should a start come through now, it ends by itself.
		return s.Settler.End(ctx, id, port.ExecutionStatus{Status: string(flow.Cancelled), Cause: cause})
	}
	if err != nil {
		return w, err
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "cancel requested", slog.String("workflow", id), slog.String("by", by))
	status, err := s.stoppedSoon(ctx, w)
	if err != nil || flow.Status(status.Status) == flow.Running {
		return w, err
	}
	if flow.Status(status.Status) == flow.Cancelled && status.Cause == "" {
		status.Cause = cause
	}
	return s.Settler.End(ctx, id, status)
}

// stoppedSoon gives the engine a moment to stop an execution, which most often is enough.
func (s *Service) stoppedSoon(ctx context.Context, w store.Workflow) (port.ExecutionStatus, error) {
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		status, err := s.Engine.Describe(ctx, w.Flow, w.ID)
		if err != nil || flow.Status(status.Status) != flow.Running || pause > time.Second {
			return status, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return status, ctx.Err()
		}
	}
}
