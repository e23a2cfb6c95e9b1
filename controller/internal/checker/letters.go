package checker

import (
	"context"
	"log/slog"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// callbackLetter handles an agent's message once more. One that cannot be read stays:
// it may be of a newer version than this program's.
func (p *pass) callbackLetter(ctx context.Context, m port.Message) (bool, error) {
	outcome, err := p.Callback.Handle(ctx, m.Body)
	return err == nil && outcome != callback.Invalid, err
}

// taskLetter is for an order that was never carried out, though tried several times.
func (p *pass) taskLetter(ctx context.Context, m port.Message) (bool, error) {
	kind, err := task.KindOf(m.Body)
	if err != nil {
		return false, err
	}
	if kind != task.KindOrder {
		// Recording a request is all there is to do about it.
		err := p.Dispatch.Handle(ctx, m.Body, m.Sent)
		return err == nil, err
	}
	o, err := task.DecodeOrder(m.Body)
	if err != nil {
		return false, err
	}
	ended, err := p.hasEnded(ctx, o.Workflow)
	if err != nil || ended {
		return err == nil, err
	}
	// The record first: it may be what failed.
	stored, _, err := p.Store.PutTask(ctx, o, dispatch.Deadline(o.Spec, m.Sent))
	if err != nil {
		return false, err
	}
	if stored.Status == store.TaskOpen && (stored.Run != "" || stored.Heard != nil) {
		return true, nil // it runs: what failed came after
	}
	p.Log.LogAttrs(ctx, slog.LevelWarn, "dead letter", settle.TaskAttrs(stored)...)
	_, won, err := p.Settler.Answer(ctx, stored.ID, store.Answer{
		Error: task.ErrorDeadLetter, Cause: "the order could not be carried out: see the dispatcher's log",
	})
	if won {
		p.report.Stopped++
	}
	return err == nil, err
}
