package simtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/checker"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// Options say what is special about a world.
type Options struct {
	// Plan says what goes wrong with the n-th call, from 0. Default: nothing.
	Plan func(call int, name string) Fault
	// Before is what somebody else does, just before a call. Default: nothing.
	Before func(name string)
	// Copies and Pick are those of both queues.
	Copies func([]byte) int
	Pick   func(n int) int
	// Agent answers a task. Default: Work.
	Agent func(task.Task) Work
	// Flows are the workflows. Default: flow.Workflows.
	Flows []flow.Workflow
}

// Work is what an agent does with a task.
type Work struct {
	Output string // JSON
	Error  string // of a failure
	Silent bool   // it ends without an answer
	Hangs  bool   // it neither answers nor ends
}

// World is everything together.
type World struct {
	t testing.TB

	Clock    *memory.Clock
	Table    *memory.Table
	Engine   *Engine
	Runner   *memory.Runner
	Ring     *task.Keyring
	Store    *store.Store // without faults
	Control  *control.Service
	Dispatch *dispatch.Dispatcher
	Callback *callback.Handler
	Checker  *checker.Checker
	Tasks    *memory.Queue
	Answers  *memory.Queue
	// Dead letters of the two.
	DeadTasks, DeadAnswers *memory.Queue

	faults  *injector
	checked time.Time
	agent   func(task.Task) Work
}

// visibility is how long a message that was not handled stays hidden.
const visibility = 30 * time.Second

// New returns a world at noon.
func New(t testing.TB, o Options) *World {
	t.Helper()
	w := &World{t: t, Clock: memory.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)), faults: &injector{plan: o.Plan, before: o.Before}, agent: o.Agent}
	if w.agent == nil {
		w.agent = Answer
	}
	if o.Flows == nil {
		o.Flows = flow.Workflows()
	}
	newQueue := func() (*memory.Queue, *memory.Queue) {
		dead := memory.NewQueue(memory.QueueOptions{Visibility: visibility, Clock: w.Clock})
		return memory.NewQueue(memory.QueueOptions{
			Visibility: visibility, Clock: w.Clock, MaxReceives: 5, DeadLetters: dead, Copies: o.Copies, Pick: o.Pick,
		}), dead
	}
	w.Tasks, w.DeadTasks = newQueue()
	w.Answers, w.DeadAnswers = newQueue()
	var err error
	if w.Engine, err = NewEngine(w.Clock, w.Tasks, o.Flows...); err != nil {
		t.Fatal(err)
	}
	if w.Ring, err = task.NewKeyring("k1", map[string][]byte{"k1": make([]byte, 32)}); err != nil {
		t.Fatal(err)
	}
	w.Runner = memory.NewRunner(w.work)
	w.Table = memory.NewTable()
	const keep = 90 * 24 * time.Hour
	w.Store = store.New(w.Table, w.Clock, keep)
	w.build(store.New(table{w.Table, w.faults}, w.Clock, keep), o.Flows)
	return w
}

// build makes the four functions over the ports with faults.
func (w *World) build(records *store.Store, flows []flow.Workflow) {
	e, r := engine{w.Engine, w.faults}, runner{w.Runner, w.faults}
	log, m, keys := slog.New(slog.NewTextHandler(io.Discard, nil)), metrics.Discard(), keyring.Static(w.Ring)
	settler := settle.New(settle.Config{Store: records, Engine: e, Runner: r, Metrics: m, Log: log})
	w.Control = control.New(control.Config{Store: records, Engine: e, Clock: w.Clock, Settler: settler, Log: log, Flows: flows})
	w.Dispatch = dispatch.New(dispatch.Config{Store: records, Runner: r, Keys: keys, Clock: w.Clock, Settler: settler, Metrics: m, Log: log})
	w.Callback = callback.New(callback.Config{
		Store: records, Engine: e, Keys: keys, Clock: w.Clock, Metrics: m, Log: log,
		Settler: settle.New(settle.Config{Store: records, Engine: e, Metrics: m, Log: log}),
	})
	w.Checker = checker.New(checker.Config{
		Store: records, Engine: e, Runner: r, Clock: w.Clock, Settler: settler, Callback: w.Callback, Dispatch: w.Dispatch,
		Metrics: m, Log: log, TaskDeadLetters: queue{w.DeadTasks, w.faults}, CallbackDeadLetters: queue{w.DeadAnswers, w.faults},
	})
}

// Calls returns the names of the calls so far.
func (w *World) Calls() []string {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	return append([]string(nil), w.faults.calls...)
}

// Try runs a part of a program. died is whether it did.
func (w *World) Try(f func() error) (err error, died bool) { //nolint:revive,staticcheck // the error of f, and then how f ended
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(crashed); !ours {
				panic(r)
			}
			died = true
		}
	}()
	return f(), false
}

// Answer is what an agent says that does its work: enough for research-report, and
// different for every attempt.
func Answer(t task.Task) Work {
	if t.Agent == string(flow.Coordinator) {
		return Work{Output: fmt.Sprintf(`{"attempt":%d,"questions":["why < how?","when?","who?"]}`, t.Attempt)}
	}
	return Work{Output: fmt.Sprintf(`{"by":%q,"index":%d,"attempt":%d}`, t.Step, t.Index, t.Attempt)}
}

// work is an agent's whole life.
func (w *World) work(run string, t task.Task) {
	send := func(message []byte, err error) {
		if err == nil {
			err = w.Answers.Send(context.Background(), message)
		}
		if err != nil {
			w.t.Errorf("agent: %v", err)
		}
	}
	does := w.agent(t)
	if does.Hangs {
		return
	}
	send(task.Heartbeat{TaskID: t.ID, MAC: t.MAC, At: w.Clock.Now()}.Encode())
	switch {
	case does.Error != "":
		send(task.Failure{TaskID: t.ID, MAC: t.MAC, Error: does.Error, Cause: "it was told to fail"}.Encode())
	case !does.Silent:
		body := task.Body{Inline: json.RawMessage(does.Output)}
		send(task.Result{TaskID: t.ID, MAC: t.MAC, Output: body, Usage: task.Usage{InputTokens: 1}}.Encode())
	}
	w.Runner.Exit(run, "exit status 0")
}

// deliver gives one message of a queue to its function, as Lambda does.
func (w *World) deliver(q *memory.Queue, handle func(port.Message) error) (busy bool) {
	messages, err := q.Receive(context.Background(), 1, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range messages {
		busy = true
		if err, died := w.Try(func() error { return handle(m) }); err != nil || died {
			continue // comes again
		}
		if err := q.Delete(context.Background(), m); err != nil {
			w.t.Fatal(err)
		}
	}
	return busy
}

// Step does what there is to do now. busy is whether there was anything.
func (w *World) Step() (busy bool) {
	ctx := context.Background()
	if err := w.Engine.Tick(ctx); err != nil {
		w.t.Fatal(err)
	}
	busy = w.deliver(w.Tasks, func(m port.Message) error { return w.Dispatch.Handle(ctx, m.Body, m.Sent) })
	answered := w.deliver(w.Answers, func(m port.Message) error {
		outcome, err := w.Callback.Handle(ctx, m.Body)
		if err == nil && outcome != callback.Taken && outcome != callback.Gone {
			err = errors.New(string(outcome))
		}
		return err
	})
	if now := w.Clock.Now(); now.Sub(w.checked) >= time.Minute {
		w.checked = now
		// What it could not do it does the next time.
		_, _ = w.Try(func() error { _, err := w.Checker.Run(ctx); return err })
	}
	return busy || answered
}
