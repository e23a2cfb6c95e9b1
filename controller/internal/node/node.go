package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/checker"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/local"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	// keep is how long records stay after the end, as KEEP_DAYS by default.
	keep = 90 * 24 * time.Hour
	// hidden is longer than an order may wait for its turn to run: what fails
	// is tried again by whoever received it, not by a second delivery.
	hidden = 365 * 24 * time.Hour
)

// Options is what a Node needs.
type Options struct {
	// Path is the engine's SQLite file. Required.
	Path string
	// Table holds the records. Required.
	Table port.Table
	// Runner runs agents. Required.
	Runner port.Runner
	// Keys make and verify the MACs of tasks. Required.
	Keys *task.Keyring
	// Workflows are those that can be started. Default: flow.Workflows.
	Workflows []flow.Workflow
	// Copies says how often an order is queued, for tests. Default: once.
	Copies func(body []byte) int
	// Wrap stands between the functions and the engine, for tests. Default: nothing does.
	Wrap func(port.Engine) port.Engine
	// CheckEvery is the time between the checker's passes. Default: 2 seconds:
	// on one machine nothing is far away.
	CheckEvery time.Duration
	// Silence is how long after a run has stopped its answer may still come.
	// Default: 2 seconds.
	Silence time.Duration
	// Observe is told of every event once it is recorded. Default: nothing is done.
	Observe func(workflow string, e flow.Event, s flow.State)
	// Logger is for what the functions say. Default: it is discarded.
	Logger *slog.Logger
}

// Node is the control plane.
type Node struct {
	Engine   *local.Engine
	Store    *store.Store
	Control  *control.Service
	Callback *callback.Handler

	options  Options
	tasks    *memory.Queue
	dispatch *dispatch.Dispatcher
	checker  *checker.Checker
	settler  *settle.Settler
	ended    chan string
}

// New puts a Node together. Nothing runs before Launch.
func New(ctx context.Context, o Options) (*Node, error) {
	if o.CheckEvery == 0 {
		o.CheckEvery = 2 * time.Second
	}
	if o.Silence == 0 {
		o.Silence = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, flow.Event, flow.State) {}
	}
	n := &Node{options: o, ended: make(chan string, 1000)}
	n.tasks = memory.NewQueue(memory.QueueOptions{Visibility: hidden, Copies: o.Copies})
	var err error
	n.Engine, err = local.Open(ctx, local.Options{
		Path: o.Path, Tasks: n.tasks, Workflows: o.Workflows, Stop: n.stop, Observe: n.observe,
		Logger: o.Logger.With("part", "engine"),
	})
	if err != nil {
		return nil, err
	}
	engine := port.Engine(n.Engine)
	if o.Wrap != nil {
		engine = o.Wrap(engine)
	}
	clock, counts, keys := port.SystemClock{}, metrics.Discard(), keyring.Static(o.Keys)
	log := func(part string) *slog.Logger { return o.Logger.With("part", part) }
	n.Store = store.New(o.Table, clock, keep)
	n.settler = settle.New(settle.Config{Store: n.Store, Engine: engine, Runner: o.Runner, Metrics: counts, Log: log("settle")})
	n.Control = control.New(control.Config{Store: n.Store, Engine: engine, Clock: clock, Settler: n.settler, Log: log("control"), Flows: o.Workflows})
	n.dispatch = dispatch.New(dispatch.Config{
		Store: n.Store, Runner: o.Runner, Keys: keys, Clock: clock, Settler: n.settler, Metrics: counts, Log: log("dispatch"),
	})
	n.Callback = callback.New(callback.Config{
		Store: n.Store, Engine: engine, Keys: keys, Clock: clock, Settler: n.settler, Metrics: counts, Log: log("callback"),
	})
	n.checker = checker.New(checker.Config{
		Store: n.Store, Engine: engine, Runner: o.Runner, Clock: clock, Settler: n.settler, Callback: n.Callback,
		Dispatch: n.dispatch, Metrics: counts, Log: log("checker"), Silence: o.Silence, Undelivered: o.Silence,
	})
	return n, nil
}

// Launch lets executions go on without anything else running: what is decided
// reaches them, and the tasks that follow start with the next Run.
func (n *Node) Launch() error { return n.Engine.Launch() }

// Close closes the engine.
func (n *Node) Close() error { return n.Engine.Close() }

// Run runs everything else, after Launch, until ctx ends.
func (n *Node) Run(ctx context.Context) {
	finished := make(chan struct{}, 3)
	for _, part := range []func(context.Context){n.receive, n.check, n.reconcile} {
		go func() {
			part(ctx)
			finished <- struct{}{}
		}()
	}
	for range cap(finished) {
		<-finished
	}
}

// stop stops the run of a task that nobody waits for any more. The checker would
// find it later.
func (n *Node) stop(ctx context.Context, id task.ID) {
	t, err := n.Store.Task(ctx, id)
	if err == nil && t.Run != "" {
		err = n.options.Runner.Stop(ctx, t.Run, "nobody waits for the task any more")
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		n.options.Logger.ErrorContext(ctx, "a run was not stopped", "task", id, "cause", err.Error())
	}
}

func (n *Node) observe(id string, e flow.Event, s flow.State) {
	n.options.Observe(id, e, s)
	if !s.Done() {
		return
	}
	select {
	case n.ended <- id:
	default: // the checker sees it too
	}
}
