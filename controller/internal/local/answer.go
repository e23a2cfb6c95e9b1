package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Succeed is port.Engine's. The output is a task.Body, and that of an approval
// holds a task.Decision.
func (e *Engine) Succeed(ctx context.Context, token task.Token, output []byte) error {
	a, err := parseToken(token)
	if err != nil {
		return err
	}
	var body task.Body
	if err := json.Unmarshal(output, &body); err != nil {
		return errors.Join(port.ErrPermanent, fmt.Errorf("output: %w", err))
	}
	if !a.approval {
		return e.post(ctx, a.workflow, flow.Event{Kind: flow.TaskSucceeded, Step: a.step, Index: a.index, Attempt: a.attempt, Output: &body})
	}
	d, err := task.DecodeDecision(body.Inline)
	if err != nil {
		return errors.Join(port.ErrPermanent, fmt.Errorf("output: %w", err))
	}
	if d.Decision == task.OutcomeExpired {
		// The clock says so too, and it is the one that counts.
		return port.ErrClosed
	}
	return e.post(ctx, a.workflow, flow.Event{Kind: flow.ApprovalDecided, Step: a.step, Outcome: d.Decision, By: d.By, Comment: d.Comment})
}

// Fail is port.Engine's.
func (e *Engine) Fail(ctx context.Context, token task.Token, name, cause string) error {
	a, err := parseToken(token)
	if err != nil {
		return err
	}
	if a.approval {
		return errors.Join(port.ErrPermanent, errors.New("an approval does not fail, it expires"))
	}
	return e.post(ctx, a.workflow, flow.Event{Kind: flow.TaskFailed, Step: a.step, Index: a.index, Attempt: a.attempt, Error: name, Cause: cause})
}

// Heartbeat is port.Engine's.
func (e *Engine) Heartbeat(ctx context.Context, token task.Token) error {
	a, err := parseToken(token)
	if err != nil {
		return err
	}
	if a.approval {
		return nil
	}
	return e.post(ctx, a.workflow, flow.Event{Kind: flow.TaskHeartbeat, Step: a.step, Index: a.index, Attempt: a.attempt})
}

// post gives an event to a running execution.
func (e *Engine) post(ctx context.Context, id string, event flow.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	b, launched := e.boxes[id], e.launched
	e.mu.Unlock()
	switch {
	case b != nil:
		return b.post(ctx, event)
	case !launched:
		return errors.New("the engine was not launched")
	}
	return fmt.Errorf("execution %s does not run: %w", id, port.ErrClosed)
}
