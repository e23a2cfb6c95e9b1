package callback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// Outcome is what became of a message.
type Outcome string

// The outcomes, see the package's documentation.
const (
	Taken     Outcome = "taken"
	Gone      Outcome = "gone"
	Forbidden Outcome = "forbidden"
	Invalid   Outcome = "invalid"
)

// HTTPStatus is the status that says so to an agent that posts its messages.
func (o Outcome) HTTPStatus() int {
	switch o {
	case Taken:
		return http.StatusNoContent
	case Gone:
		return http.StatusGone
	case Forbidden:
		return http.StatusForbidden
	case Invalid:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// Config is what a Handler works with. All are required.
type Config struct {
	Store   *store.Store
	Engine  port.Engine
	Keys    keyring.Source
	Clock   port.Clock
	Settler *settle.Settler
	Metrics *metrics.Metrics
	Log     *slog.Logger
}

// Handler handles messages of agents.
type Handler struct{ Config }

// New returns a Handler.
func New(c Config) *Handler { return &Handler{c} }

// Handle handles one message. An error may go away: the message is to come again.
func (h *Handler) Handle(ctx context.Context, body []byte) (Outcome, error) {
	kind, err := task.KindOf(body)
	if err != nil {
		return h.refuse(ctx, Invalid, "", err), nil
	}
	switch kind {
	case task.KindHeartbeat:
		m, err := task.DecodeHeartbeat(body)
		return h.with(ctx, m.TaskID, m.MAC, err, func() (Outcome, error) { return h.heartbeat(ctx, m.TaskID) })
	case task.KindResult:
		m, err := task.DecodeResult(body)
		answer := store.Answer{Output: &m.Output, Usage: m.Usage}
		return h.with(ctx, m.TaskID, m.MAC, err, func() (Outcome, error) { return h.answer(ctx, m.TaskID, answer) })
	case task.KindFailure:
		m, err := task.DecodeFailure(body)
		answer := store.Answer{Error: m.Error, Cause: m.Cause, Usage: m.Usage}
		return h.with(ctx, m.TaskID, m.MAC, err, func() (Outcome, error) { return h.answer(ctx, m.TaskID, answer) })
	}
	err = fmt.Errorf("%w: must be a heartbeat, a result or a failure, got %s", task.ErrUnknownKind, kind)
	return h.refuse(ctx, Invalid, "", err), nil
}

// with does what a message asks for when it could be read and its MAC is accepted.
func (h *Handler) with(ctx context.Context, id task.ID, mac task.MAC, decoded error, do func() (Outcome, error)) (Outcome, error) {
	if decoded != nil {
		return h.refuse(ctx, Invalid, id, decoded), nil
	}
	ring, err := h.Keys.Keyring(ctx, false)
	if err != nil {
		return "", err
	}
	err = ring.Verify(id, mac, h.Clock.Now())
	if errors.Is(err, task.ErrUnknownKey) {
		// A key that became the current one after the ring was read.
		if ring, err = h.Keys.Keyring(ctx, true); err != nil {
			return "", err
		}
		err = ring.Verify(id, mac, h.Clock.Now())
	}
	if err != nil {
		return h.refuse(ctx, Forbidden, id, err), nil
	}
	outcome, err := do()
	if errors.Is(err, store.ErrNotFound) {
		// The MAC is ours, so there was a record: its time is over.
		h.Metrics.AnswerDropped("")
		h.Log.LogAttrs(ctx, slog.LevelWarn, "answer dropped", slog.String("task", string(id)), slog.String("cause", err.Error()))
		return Gone, nil
	}
	return outcome, err
}

func (h *Handler) refuse(ctx context.Context, outcome Outcome, id task.ID, err error) Outcome {
	code := task.Malformed
	if known, ok := errors.AsType[*task.Error](err); ok {
		code = known.Code
	}
	h.Metrics.AnswerRefused(code)
	h.Log.LogAttrs(ctx, slog.LevelWarn, "answer refused", slog.String("outcome", string(outcome)),
		slog.String("task", string(id)), slog.String("error", string(code)), slog.String("cause", err.Error()))
	return outcome
}

func (h *Handler) heartbeat(ctx context.Context, id task.ID) (Outcome, error) {
	t, err := h.Store.HearTask(ctx, id)
	if err != nil {
		return "", err
	}
	if t.Status != store.TaskOpen {
		h.Settler.Dropped(ctx, t, "a heartbeat of a task that is over")
		return Gone, nil
	}
	err = h.Engine.Heartbeat(ctx, t.Token.Token)
	if !errors.Is(err, port.ErrClosed) {
		return Taken, err
	}
	// The engine gave the attempt up. Recorded as an answer, it closes the task to the agent's
	// own, and has the checker stop the run.
	_, _, err = h.Settler.Store.AnswerTask(ctx, id, store.Answer{
		Error: task.ErrorStopped, Cause: "the engine gave this attempt up before it was answered",
	})
	return Gone, err
}

func (h *Handler) answer(ctx context.Context, id task.ID, a store.Answer) (Outcome, error) {
	a, err := h.withinLimits(ctx, id, a)
	if err != nil {
		return "", err
	}
	stored, won, err := h.Settler.Answer(ctx, id, a)
	switch {
	case err != nil:
		return "", err
	case won || stored.Answer != nil && equal(*stored.Answer, a):
		if stored.Dropped {
			return Gone, nil
		}
		return Taken, nil
	}
	h.Settler.Dropped(ctx, stored, "another answer came first, or the workflow has ended")
	return Gone, nil
}

// withinLimits makes a failure of a result that the workflow cannot hold, or not
// read: the kit sees to it, and an agent's word is not taken for it.
func (h *Handler) withinLimits(ctx context.Context, id task.ID, a store.Answer) (store.Answer, error) {
	if a.Output == nil {
		return a, nil
	}
	t, err := h.Store.Task(ctx, id)
	if err != nil {
		return a, err
	}
	var cause string
	switch {
	case len(a.Output.Inline) > t.Spec.InlineLimit:
		cause = fmt.Sprintf("the result must have at most %d bytes inline, got %d", t.Spec.InlineLimit, len(a.Output.Inline))
	case t.Spec.InlineOnly && a.Output.Ref != nil:
		cause = "the workflow reads the result, which must be inline, got a reference"
	default:
		return a, nil
	}
	return store.Answer{Error: task.ErrorOutputTooLarge, Cause: cause, Usage: a.Usage}, nil
}

// equal compares answers as they are stored.
func equal(a, b store.Answer) bool {
	first, err := json.Marshal(a)
	if err != nil {
		return false
	}
	second, err := json.Marshal(b)
	return err == nil && bytes.Equal(first, second)
}
