package checker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// Config is what a Checker works with. All are required, except as noted.
type Config struct {
	Store    *store.Store
	Engine   port.Engine
	Runner   port.Runner
	Clock    port.Clock
	Settler  *settle.Settler // with the Runner
	Callback *callback.Handler
	Dispatch *dispatch.Dispatcher // for approval requests
	Metrics  *metrics.Metrics
	Log      *slog.Logger
	// The queues of dead letters. Default: none.
	TaskDeadLetters     port.Queue
	CallbackDeadLetters port.Queue
	// Limit is how many of each kind a pass looks at. Default: 1000.
	Limit int
	// Undelivered is how long an answer may wait for whoever recorded it. Default: 30 s.
	Undelivered time.Duration
	// Silence is how long after its start or its last heartbeat a stopped run's answer may still
	// be on its way. Default: 1 min.
	Silence time.Duration
	// NotStarted is how long a task or a workflow may be recorded and not started. Default: 5 min.
	NotStarted time.Duration
}

// Report is what a pass did.
type Report struct {
	Delivered   int // answers and decisions that were brought to the engine
	Stopped     int // open tasks that were answered or closed
	Ended       int // workflows whose end was recorded
	Started     int // workflows whose start was finished
	Expired     int // approvals whose expiry was recorded
	DeadLetters int // dead letters that were found
	Problems    int // what could not be done
}

// Checker checks. One pass runs at a time.
type Checker struct {
	Config

	mu   sync.Mutex
	next map[string]string // where the next pass goes on, by list
}

// New returns a Checker.
func New(c Config) *Checker {
	c.Limit = or(c.Limit, 1000)
	c.Undelivered = or(c.Undelivered, 30*time.Second)
	c.Silence = or(c.Silence, time.Minute)
	c.NotStarted = or(c.NotStarted, 5*time.Minute)
	return &Checker{Config: c, next: map[string]string{}}
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Run makes one pass. The error is of what could not be looked at at all.
func (c *Checker) Run(ctx context.Context) (Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &pass{Checker: c, now: c.Clock.Now(), ended: map[string]bool{}}
	err := errors.Join(
		// Dead letters first: an answer among them counts before the run is found stopped.
		p.deadLetters(ctx, "callbacks", c.CallbackDeadLetters, p.callbackLetter),
		p.deadLetters(ctx, "tasks", c.TaskDeadLetters, p.taskLetter),
		p.answeredTasks(ctx),
		p.openTasks(ctx),
		p.approvals(ctx),
		p.workflows(ctx),
	)
	c.Metrics.CheckProblems(p.report.Problems)
	c.Log.LogAttrs(ctx, slog.LevelInfo, "checked",
		slog.Int("delivered", p.report.Delivered), slog.Int("stopped", p.report.Stopped), slog.Int("ended", p.report.Ended),
		slog.Int("started", p.report.Started), slog.Int("expired", p.report.Expired),
		slog.Int("deadLetters", p.report.DeadLetters), slog.Int("problems", p.report.Problems))
	return p.report, err
}

// pass is one call of Run.
type pass struct {
	*Checker

	now    time.Time
	report Report
	ended  map[string]bool // workflows that were looked up
}

// problem notes that one item could not be finished.
func (p *pass) problem(ctx context.Context, err error, attrs ...slog.Attr) {
	if err == nil {
		return
	}
	p.report.Problems++
	p.Log.LogAttrs(ctx, slog.LevelError, "check failed", append(attrs, slog.String("cause", err.Error()))...)
}

// pages walks a list from where the last pass left it, up to the limit.
func (p *pass) pages(list string, page func(limit int, from string) (found int, next string, err error)) error {
	const size = 100 // what DescribeTasks takes
	from := p.next[list]
	for left := p.Limit; left > 0; {
		found, next, err := page(min(size, left), from)
		if err != nil {
			p.next[list] = "" // perhaps it was the cursor
			return fmt.Errorf("cannot list %s: %w", list, err)
		}
		left -= max(found, 1)
		if from = next; from == "" {
			break
		}
	}
	p.next[list] = from
	return nil
}

// deadLetters handles the dead letters of a queue. What handle takes is deleted;
// what nobody can read stays, for a person to see.
func (p *pass) deadLetters(ctx context.Context, name string, queue port.Queue, handle func(context.Context, port.Message) (bool, error)) error {
	if queue == nil {
		return nil
	}
	found := 0
	defer func() {
		p.report.DeadLetters += found
		p.Metrics.DeadLetters(name, found)
	}()
	const batch = 10 // what ReceiveMessage gives
	for found < p.Limit {
		messages, err := queue.Receive(ctx, batch, 0)
		if err != nil {
			return fmt.Errorf("cannot receive the dead letters of %s: %w", name, err)
		}
		if len(messages) == 0 {
			return nil
		}
		for _, m := range messages {
			found++
			taken, err := handle(ctx, m)
			if err == nil && taken {
				err = queue.Delete(ctx, m)
			}
			p.problem(ctx, err, slog.String("queue", name), slog.String("message", m.ID))
		}
	}
	return nil
}
