package settle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// Config is what a Settler works with. All are required, except as noted.
type Config struct {
	Store  *store.Store
	Engine port.Engine
	// Runner stops runs that nobody waits for. Default: none, the checker does it.
	Runner  port.Runner
	Metrics *metrics.Metrics
	Log     *slog.Logger
}

// Settler settles.
type Settler struct {
	Config

	locks locks
}

// New returns a Settler.
func New(c Config) *Settler { return &Settler{Config: c} }

// Answer records a task's answer, if it is the first, and brings the first to the
// engine, if it is not there yet. won is whether this one was the first.
// store.ErrNotFound.
func (s *Settler) Answer(ctx context.Context, id task.ID, a store.Answer) (stored store.Task, won bool, err error) {
	defer s.locks.take(id)()
	stored, won, err = s.Store.AnswerTask(ctx, id, a)
	if err != nil {
		return stored, won, err
	}
	if won {
		age := stored.Answered.Sub(stored.Created)
		s.Metrics.TaskAnswered(stored.Spec.Agent, a.Error, age, a.Usage)
		s.Log.LogAttrs(ctx, slog.LevelInfo, "task answered", append(TaskAttrs(stored),
			slog.String("error", a.Error), slog.String("cause", short(a.Cause)), slog.Float64("ageSeconds", age.Seconds()))...)
	}
	stored, err = s.deliver(ctx, stored, won)
	return stored, won, err
}

// Deliver brings the answer of a task to the engine and closes the record. It
// does nothing for a task that is open, or closed.
func (s *Settler) Deliver(ctx context.Context, t store.Task) (store.Task, error) {
	defer s.locks.take(t.ID)()
	return s.deliver(ctx, t, false)
}

func (s *Settler) deliver(ctx context.Context, t store.Task, first bool) (store.Task, error) {
	if t.Status != store.TaskAnswered || t.Answer == nil {
		return t, nil
	}
	err := s.Send(ctx, t.Token.Token, *t.Answer)
	closed := errors.Is(err, port.ErrClosed)
	if err != nil && !closed {
		return t, err
	}
	// When this is not the first delivery, the engine most likely waits no more because it got
	// the answer from the first, whose program died before it closed the record.
	dropped := closed && (first || !t.Answered.Before(t.Deadline))
	if dropped {
		s.Dropped(ctx, t, "the engine waits for it no more")
	}
	return s.Store.CloseTask(ctx, t.ID, dropped)
}

// Send gives the engine an answer. port.ErrClosed.
func (s *Settler) Send(ctx context.Context, token task.Token, a store.Answer) error {
	if a.Output == nil {
		return s.Engine.Fail(ctx, token, a.Error, a.Cause)
	}
	output, err := encode(a.Output)
	if err != nil {
		return err
	}
	err = s.Engine.Succeed(ctx, token, output)
	if errors.Is(err, port.ErrPermanent) {
		// It would be refused each time it is tried, and the step wait until its timeout.
		return s.Engine.Fail(ctx, token, task.ErrorInternal, "the engine refused the result: "+err.Error())
	}
	return err
}

// Dropped counts an answer that nobody waits for.
func (s *Settler) Dropped(ctx context.Context, t store.Task, why string) {
	s.Metrics.AnswerDropped(t.Spec.Agent)
	s.Log.LogAttrs(ctx, slog.LevelInfo, "answer dropped", append(TaskAttrs(t), slog.String("cause", why))...)
}

// Decision brings an approval's decision to the engine and closes the record. taken
// is false when the engine did not wait for it. Expiry is not sent: the engine
// decides that by its own clock.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func (s *Settler) Decision(ctx context.Context, a store.Approval) (taken bool, err error) {
	if a.Decision == nil {
		return false, nil
	}
	if a.Decision.Decision != task.OutcomeExpired {
		body, err := a.Decision.Body()
		if err != nil {
			return false, err
		}
		output, err := encode(body)
		if err != nil {
			return false, err
		}
		err = s.Engine.Succeed(ctx, a.Token.Token, output)
		if err != nil && !errors.Is(err, port.ErrClosed) {
			return false, err
		}
		taken = err == nil
	}
	if a.Delivered {
		return taken, nil
	}
	_, err = s.Store.CloseApproval(ctx, a.Request.Workflow, a.Request.Step)
	return taken, err
}

// encode writes JSON as it is: with <, > and & escaped, a body could become longer
// than a body may be.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("cannot encode the answer: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// short is as much of an agent's own words as a line of the log has. The record has them all.
func short(text string) string {
	const limit = 500
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// TaskAttrs are what a line of the log says about a task. Never its token.
func TaskAttrs(t store.Task) []slog.Attr {
	return append(SpecAttrs(t.Spec), slog.String("run", t.Run))
}

// SpecAttrs are what a line of the log says about a task that has no record.
func SpecAttrs(s task.Spec) []slog.Attr {
	return []slog.Attr{
		slog.String("workflow", s.Workflow), slog.String("step", s.Step),
		slog.Int("index", s.Index), slog.Int("attempt", s.Attempt),
		slog.String("agent", s.Agent), slog.String("task", string(s.ID())),
	}
}
