package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// Grace is how long a MAC is accepted after the task's deadline: an answer that
// was sent in time may wait in a queue.
const Grace = 10 * time.Minute

// ErrInvalid is a message that cannot be read. It will never be: it becomes a dead letter.
var ErrInvalid = errors.New("not a message for the dispatcher")

// Config is what a Dispatcher works with. All are required.
type Config struct {
	Store   *store.Store
	Runner  port.Runner
	Keys    keyring.Source
	Clock   port.Clock
	Settler *settle.Settler
	Metrics *metrics.Metrics
	Log     *slog.Logger
}

// Dispatcher carries out orders.
type Dispatcher struct{ Config }

// New returns a Dispatcher.
func New(c Config) *Dispatcher { return &Dispatcher{c} }

// Handle carries out one message. sent is when the state machine sent it: its
// timeouts run from there. The zero time is now. After an error the message is to come again.
func (d *Dispatcher) Handle(ctx context.Context, body []byte, sent time.Time) error {
	if sent.IsZero() {
		sent = d.Clock.Now()
	}
	kind, err := task.KindOf(body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	switch kind {
	case task.KindOrder:
		o, err := task.DecodeOrder(body)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return d.order(ctx, o, sent)
	case task.KindApprovalRequest:
		r, err := task.DecodeApprovalRequest(body)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return d.approval(ctx, r)
	}
	return fmt.Errorf("%w: must be an order or an approval request, got %s", ErrInvalid, kind)
}

// Deadline is when the engine gives the attempt up.
func Deadline(s task.Spec, sent time.Time) time.Time {
	return sent.Add(time.Duration(s.Timeout) * time.Second).UTC()
}

func (d *Dispatcher) order(ctx context.Context, o task.Order, sent time.Time) error {
	ended, err := d.ended(ctx, o.Workflow)
	if err != nil {
		return err
	}
	if ended {
		d.skip(ctx, o.Spec, "the workflow has ended")
		return nil
	}
	// Nothing has been heard of the task before it runs.
	limit := o.Timeout
	if o.Heartbeat > 0 {
		limit = o.Heartbeat
	}
	stored, created, err := d.Store.PutTask(ctx, o, Deadline(o.Spec, sent))
	switch {
	case err != nil:
		return err
	case stored.Status != store.TaskOpen:
		return d.again(ctx, o, stored)
	case stored.Run == "" && stored.Heard == nil && !d.Clock.Now().Before(sent.Add(time.Duration(limit)*time.Second)):
		// The engine has gone on to the next attempt. The record is the checker's to close.
		d.skip(ctx, o.Spec, "the order came too late")
		return nil
	}
	if created {
		d.Log.LogAttrs(ctx, slog.LevelInfo, "task recorded", settle.SpecAttrs(o.Spec)...)
	}
	return d.run(ctx, o, stored)
}

// run starts the task. That it was started before makes no difference: the runner says the
// same, or starts it anew where it knows that the run is lost.
func (d *Dispatcher) run(ctx context.Context, o task.Order, stored store.Task) error {
	ring, err := d.Keys.Keyring(ctx, false)
	if err != nil {
		return err
	}
	// The recorded deadline, and so the same request each time: RunTask with
	// one client token and another request is a conflict.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
	t := o.Task(stored.Deadline, ring.Sign(stored.ID, stored.Deadline.Add(Grace)))
	run, err := d.Runner.Run(ctx, t)
	if errors.Is(err, port.ErrPermanent) {
		if stored.Run != "" {
			d.skip(ctx, o.Spec, "it runs already, and cannot be started again: "+err.Error())
			return nil
		}
		return d.fail(ctx, stored, err)
	}
	if err != nil {
		return fmt.Errorf("cannot start the task: %w", err)
	}
	after, err := d.Store.StartTask(ctx, stored.ID, run)
	if err != nil {
		return err
	}
	if stored.Run != run {
		d.Metrics.TaskStarted(o.Agent)
		d.Log.LogAttrs(ctx, slog.LevelInfo, "task started", settle.TaskAttrs(after)...)
	}
	if after.Status == store.TaskClosed && !after.Dropped && after.Answer == nil {
		// Its workflow ended meanwhile, and what stopped the others did not see this one.
		return d.Runner.Stop(ctx, run, "the workflow has ended")
	}
	return nil
}

// fail is for an attempt that can never be started. The next one may: a role's new
// policy holds everywhere only after a while.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
func (d *Dispatcher) fail(ctx context.Context, t store.Task, err error) error {
	name := task.ErrorInternal
	if awserr.KindOf(err) == awserr.AccessDenied {
		name = task.ErrorUnavailable
	}
	cause := "the task cannot be started: " + err.Error()
	_, _, err = d.Settler.Answer(ctx, t.ID, store.Answer{Error: name, Cause: cut(cause, task.MaxCause)})
	return err
}

// again is for an order whose task is over. When the engine asks with another token
// than the one that was answered, as after a redrive, it gets the same answer: one task has one.
// https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
func (d *Dispatcher) again(ctx context.Context, o task.Order, stored store.Task) error {
	if stored.Token.Token == o.Token || stored.Answer == nil {
		d.skip(ctx, o.Spec, "the task is over")
		_, err := d.Settler.Deliver(ctx, stored)
		return err
	}
	d.skip(ctx, o.Spec, "the task was answered to another token")
	err := d.Settler.Send(ctx, o.Token, *stored.Answer)
	if errors.Is(err, port.ErrClosed) {
		return nil
	}
	return err
}

func (d *Dispatcher) approval(ctx context.Context, r task.ApprovalRequest) error {
	attrs := []slog.Attr{slog.String("workflow", r.Workflow), slog.String("step", r.Step), slog.Int("attempt", r.Attempt)}
	ended, err := d.ended(ctx, r.Workflow)
	if err != nil {
		return err
	}
	if ended {
		d.Log.LogAttrs(ctx, slog.LevelInfo, "approval request skipped", append(attrs, slog.String("cause", "the workflow has ended"))...)
		return nil
	}
	stored, err := d.Store.PutApproval(ctx, r)
	if err != nil {
		return err
	}
	d.Log.LogAttrs(ctx, slog.LevelInfo, "approval recorded", append(attrs, slog.Time("expires", stored.Expires))...)
	if stored.Decision == nil || stored.Token.Token != r.Token {
		return nil
	}
	// Decided before this attempt asked.
	_, err = d.Settler.Decision(ctx, stored)
	return err
}

// ended is whether the workflow has ended. One without a record was started past
// the controller, and its tasks are carried out all the same.
func (d *Dispatcher) ended(ctx context.Context, workflow string) (bool, error) {
	w, err := d.Store.Workflow(ctx, workflow)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && w.Status != flow.Running, err
}

func (d *Dispatcher) skip(ctx context.Context, s task.Spec, why string) {
	d.Log.LogAttrs(ctx, slog.LevelInfo, "order skipped", append(settle.SpecAttrs(s), slog.String("cause", why))...)
}

// cut shortens text to so many bytes, at a whole character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xC0 == 0x80 {
		limit--
	}
	return text[:limit]
}
