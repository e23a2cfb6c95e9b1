package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// maxText is the longest by and comment. The decision becomes a step's result, which is
// inline in the workflow's document.
const maxText = 2000

// Decide records an approval's outcome, approved or rejected, and tells the engine.
// The first decision counts. The same one by the same person is told what it was, as
// the first time, and any other that it comes too late.
func (s *Service) Decide(ctx context.Context, workflow, step string, outcome task.Outcome, by, comment string) (task.Decision, error) {
	d := task.Decision{Workflow: workflow, Step: step, Decision: outcome, By: by, Comment: comment, At: s.Clock.Now()}
	err := invalid(checkWorkflow(workflow), named("step", task.CheckStep(step)), checkText("by", by, true), checkText("comment", comment, false))
	if err == nil {
		// The protocol's own rules, and that it fits into the workflow's document.
		_, encoded := d.Body()
		err = invalid(encoded)
	}
	if err != nil {
		return task.Decision{}, err
	}
	w, err := s.current(ctx, workflow)
	if err != nil {
		return task.Decision{}, err
	}
	asked, err := s.Store.Approval(ctx, workflow, step)
	switch {
	case errors.Is(err, store.ErrNotFound) && w.Status == flow.Running:
		return task.Decision{}, refuse(http.StatusNotFound, UnknownApproval, "workflow %q waits for no approval %q", workflow, step)
	case errors.Is(err, store.ErrNotFound):
		return task.Decision{}, refuse(http.StatusConflict, WorkflowEnded, "workflow %q has ended: it has %s", workflow, w.Status)
	case err != nil:
		return task.Decision{}, err
	case asked.Decision == nil && !d.At.Before(asked.Expires) && w.Status != flow.Running:
		return task.Decision{}, expired(step, asked.Expires)
	case asked.Decision == nil && w.Status != flow.Running:
		return task.Decision{}, refuse(http.StatusConflict, WorkflowEnded, "workflow %q has ended: it has %s", workflow, w.Status)
	}
	stored, won, err := s.Store.Decide(ctx, d)
	if err != nil {
		return task.Decision{}, err
	}
	return s.decided(ctx, d, stored, won)
}

// decided brings the decision that counts to the engine, whoever made it, and says what
// became of this one.
func (s *Service) decided(ctx context.Context, d task.Decision, stored store.Approval, won bool) (task.Decision, error) {
	if stored.Decision == nil { // closed without: the workflow went on, or ended
		return task.Decision{}, refuse(http.StatusConflict, NotWaiting, "workflow %q waits for approval %q no more", d.Workflow, d.Step)
	}
	first := *stored.Decision
	taken := false
	if !stored.Delivered {
		var err error
		if taken, err = s.Settler.Decision(ctx, stored); err != nil {
			return task.Decision{}, err
		}
	}
	mine := first.Decision == d.Decision && first.By == d.By && first.Comment == d.Comment
	switch {
	case first.Decision == task.OutcomeExpired:
		e := expired(d.Step, first.At)
		e.Decision = &first
		return task.Decision{}, e
	case won && !taken:
		if err := s.overtaken(ctx, d, stored); err != nil {
			return task.Decision{}, err
		}
		fallthrough
	case won || mine:
		s.Log.LogAttrs(ctx, slog.LevelInfo, "approval decided", slog.String("workflow", d.Workflow), slog.String("step", d.Step),
			slog.String("decision", string(first.Decision)), slog.Bool("again", !won))
		return first, nil
	}
	e := refuse(http.StatusConflict, AlreadyDecided, "approval %q was %s by %s at %s", d.Step, first.Decision, first.By, first.At.Format(time.RFC3339))
	e.Decision = &first
	return task.Decision{}, e
}

// overtaken is for the decision that was the first and that the engine did not wait for.
// Most often somebody else has brought this very decision to it, a repeated request say;
// or it is about to ask again, with another token, and gets the decision then. Otherwise it
// has gone on by itself, and the decision is without effect.
func (s *Service) overtaken(ctx context.Context, d task.Decision, stored store.Approval) error {
	// Its clock may be ahead, and began with the sending of the request.
	const skew = time.Minute
	if d.At.After(stored.Expires.Add(-skew)) {
		return refuse(http.StatusConflict, NotWaiting, "workflow %q waits for approval %q no more", d.Workflow, d.Step)
	}
	w, err := s.current(ctx, d.Workflow)
	if err == nil && (w.Status == flow.Cancelled || w.Status == flow.TimedOut) {
		return refuse(http.StatusConflict, WorkflowEnded, "workflow %q has ended: it has %s", d.Workflow, w.Status)
	}
	return err
}

func expired(step string, at time.Time) *Error {
	return refuse(http.StatusGone, ApprovalExpired, "approval %q expired at %s", step, at.Format(time.RFC3339))
}

func checkText(field, text string, required bool) error {
	switch {
	case required && text == "":
		return fmt.Errorf("%s: must be set", field)
	case len(text) > maxText:
		return fmt.Errorf("%s: must have at most %d bytes, got %d", field, maxText, len(text))
	}
	return nil
}
