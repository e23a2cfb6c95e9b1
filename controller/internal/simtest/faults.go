package simtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Fault is what goes wrong with a call.
type Fault int

// The faults.
const (
	None   Fault = iota
	Before       // the call fails and does nothing
	Lost         // the call does what it should, and its answer is lost
	Crash        // the call does what it should, and then the program dies
)

// Faults lists all faults.
func Faults() map[string]Fault {
	return map[string]Fault{"fails before": Before, "answer lost": Lost, "dies after": Crash}
}

// ErrInjected is the error of a call that failed.
var ErrInjected = errors.New("injected fault")

// crashed is what a program dies with.
type crashed struct{}

// injector counts the calls and decides what goes wrong.
type injector struct {
	mu    sync.Mutex
	calls []string
	plan  func(call int, name string) Fault
	// before is what somebody else does, just before a call.
	before func(name string)
}

func (i *injector) do(name string, call func() error) error {
	i.mu.Lock()
	n := len(i.calls)
	i.calls = append(i.calls, name)
	fault := None
	if i.plan != nil {
		fault = i.plan(n, name)
	}
	i.mu.Unlock()
	if i.before != nil {
		i.before(name)
	}
	if fault == Before {
		return ErrInjected
	}
	err := call()
	switch fault {
	case Crash:
		panic(crashed{})
	case Lost:
		return ErrInjected
	}
	return err
}

type table struct {
	port.Table
	*injector
}

func (t table) Get(ctx context.Context, key port.Key) (item port.Item, found bool, err error) {
	err = t.do("Table.Get", func() error { item, found, err = t.Table.Get(ctx, key); return err })
	return item, found, err
}

func (t table) Put(ctx context.Context, item port.Item) (version int64, err error) {
	err = t.do("Table.Put", func() error { version, err = t.Table.Put(ctx, item); return err })
	return version, err
}

func (t table) Query(ctx context.Context, q port.Query) (page port.Page, err error) {
	err = t.do("Table.Query", func() error { page, err = t.Table.Query(ctx, q); return err })
	return page, err
}

type engine struct {
	port.Engine
	*injector
}

func (e engine) Start(ctx context.Context, flow, id string, input []byte) error {
	return e.do("Engine.Start", func() error { return e.Engine.Start(ctx, flow, id, input) })
}

func (e engine) Describe(ctx context.Context, flow, id string) (status port.ExecutionStatus, err error) {
	err = e.do("Engine.Describe", func() error { status, err = e.Engine.Describe(ctx, flow, id); return err })
	return status, err
}

func (e engine) Cancel(ctx context.Context, flow, id, cause string) error {
	return e.do("Engine.Cancel", func() error { return e.Engine.Cancel(ctx, flow, id, cause) })
}

func (e engine) Succeed(ctx context.Context, token task.Token, output []byte) error {
	return e.do("Engine.Succeed", func() error { return e.Engine.Succeed(ctx, token, output) })
}

func (e engine) Fail(ctx context.Context, token task.Token, name, cause string) error {
	return e.do("Engine.Fail", func() error { return e.Engine.Fail(ctx, token, name, cause) })
}

func (e engine) Heartbeat(ctx context.Context, token task.Token) error {
	return e.do("Engine.Heartbeat", func() error { return e.Engine.Heartbeat(ctx, token) })
}

type runner struct {
	port.Runner
	*injector
}

func (r runner) Run(ctx context.Context, t task.Task) (run string, err error) {
	err = r.do("Runner.Run", func() error { run, err = r.Runner.Run(ctx, t); return err })
	return run, err
}

func (r runner) Describe(ctx context.Context, runs []string) (statuses map[string]port.RunStatus, err error) {
	err = r.do("Runner.Describe", func() error { statuses, err = r.Runner.Describe(ctx, runs); return err })
	return statuses, err
}

func (r runner) Stop(ctx context.Context, run, reason string) error {
	return r.do("Runner.Stop", func() error { return r.Runner.Stop(ctx, run, reason) })
}

// queue is one of dead letters: what comes to the functions Lambda receives.
type queue struct {
	port.Queue
	*injector
}

func (q queue) Receive(ctx context.Context, limit int, wait time.Duration) (messages []port.Message, err error) {
	err = q.do("Queue.Receive", func() error { messages, err = q.Queue.Receive(ctx, limit, wait); return err })
	return messages, err
}

func (q queue) Delete(ctx context.Context, m port.Message) error {
	return q.do("Queue.Delete", func() error { return q.Queue.Delete(ctx, m) })
}
