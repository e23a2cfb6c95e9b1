package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	// The driver registers itself.
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Engine = (*Engine)(nil)

// Options is what an Engine needs.
type Options struct {
	// Path is the SQLite file. Required.
	Path string
	// Tasks is where orders and approval requests go. Required.
	Tasks port.Queue
	// Workflows are those that can be started. Default: flow.Workflows.
	Workflows []flow.Workflow
	// Stop is told of tasks that nobody waits for any more. Default: nothing is done.
	Stop func(ctx context.Context, id task.ID)
	// Expire is told of approvals that there is nothing to decide about any more.
	// Default: nothing is done.
	Expire func(ctx context.Context, workflow, step string)
	// Observe is told of every event that has changed something, once it is
	// recorded, in its execution's order. Default: nothing is done.
	Observe func(workflow string, e flow.Event, s flow.State)
	// Logger is for what DBOS and the engine say. Default: it is discarded.
	Logger *slog.Logger
}

// Engine is a port.Engine.
type Engine struct {
	options Options
	dbos    dbos.Context
	flows   map[string]flow.Workflow

	starting sync.Mutex // one Start at a time
	mu       sync.Mutex
	boxes    map[string]*box // of the executions that run
	launched bool
}

// forever is more restarts than anybody makes: an execution is never given up
// for having been interrupted.
const forever = 1 << 30

// Open opens the file. Executions do not go on before Launch.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Workflows == nil {
		o.Workflows = flow.Workflows()
	}
	if o.Stop == nil {
		o.Stop = func(context.Context, task.ID) {}
	}
	if o.Expire == nil {
		o.Expire = func(context.Context, string, string) {}
	}
	if o.Observe == nil {
		o.Observe = func(string, flow.Event, flow.State) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{options: o, flows: map[string]flow.Workflow{}, boxes: map[string]*box{}}
	for _, w := range o.Workflows {
		e.flows[w.Name] = w
	}
	var err error
	// An interrupt is no reason to cancel executions, which DBOS does when its context ends: Close is.
	e.dbos, err = dbos.NewContext(context.WithoutCancel(ctx), dbos.Config{
		AppName: "aegis", DatabaseURL: "sqlite:" + o.Path, Logger: o.Logger,
		// Executions go on in the next version of the program too: see beginning.
		ApplicationVersion: "1", ExecutorID: "local",
	})
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", o.Path, err)
	}
	dbos.RegisterWorkflow(e.dbos, e.walk, dbos.WithWorkflowName("execution"), dbos.WithMaxRecoveryAttempts(forever))
	return e, nil
}

// Launch lets the executions that an earlier process left go on.
func (e *Engine) Launch() error {
	pending, err := dbos.ListWorkflows(e.dbos, dbos.WithFilterStatus(dbos.WorkflowStatusPending),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	// An answer that comes before the replay is through has to wait, not be refused.
	e.mu.Lock()
	for _, w := range pending {
		e.boxes[w.ID] = newBox(true)
	}
	e.launched = true
	e.mu.Unlock()
	return dbos.Launch(e.dbos)
}

// Close stops following executions. They go on with the next Launch.
func (e *Engine) Close() error {
	return dbos.Shutdown(e.dbos, 10*time.Second)
}

// Start is port.Engine's.
func (e *Engine) Start(ctx context.Context, name, id string, input []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w, found := e.flows[name]
	if !found {
		return fmt.Errorf("workflow %s: %w", name, port.ErrPermanent)
	}
	begin := beginning{Flow: w, Input: input, At: time.Now().UTC()}
	text, err := encode(begin)
	if err != nil {
		return errors.Join(port.ErrPermanent, err)
	}
	e.starting.Lock()
	defer e.starting.Unlock()
	if found, err := e.sameStart(id, name, input); found || err != nil {
		return err
	}
	if _, _, _, err := begin.start(id); err != nil {
		return errors.Join(port.ErrPermanent, err)
	}
	e.mu.Lock()
	e.boxes[id] = newBox(false)
	e.mu.Unlock()
	if _, err := dbos.RunWorkflow(e.dbos, e.walk, string(text), dbos.WithWorkflowID(id)); err != nil {
		e.forget(id)
		return fmt.Errorf("starting %s: %w", id, err)
	}
	return nil
}

// sameStart is whether the execution runs already, started in the same way.
func (e *Engine) sameStart(id, name string, input []byte) (found bool, err error) {
	w, found, err := e.stored(id, false)
	if err != nil || !found {
		return found, err
	}
	begin, err := beginningOf(w)
	if err != nil {
		return true, err
	}
	if w.Status != dbos.WorkflowStatusPending || begin.Flow.Name != name || !sameJSON(begin.Input, input) {
		return true, fmt.Errorf("execution %s: %w", id, port.ErrExists)
	}
	return true, nil
}

// Describe is port.Engine's.
func (e *Engine) Describe(ctx context.Context, name, id string) (port.ExecutionStatus, error) {
	if err := ctx.Err(); err != nil {
		return port.ExecutionStatus{}, err
	}
	w, found, err := e.stored(id, true)
	if err != nil {
		return port.ExecutionStatus{}, err
	}
	begin, err := beginningOf(w)
	if !found || err == nil && begin.Flow.Name != name {
		return port.ExecutionStatus{}, fmt.Errorf("execution %s of %s: %w", id, name, port.ErrNotFound)
	}
	if err != nil {
		return port.ExecutionStatus{}, err
	}
	status := port.ExecutionStatus{Status: string(flow.Running), Started: begin.At}
	switch w.Status {
	case dbos.WorkflowStatusSuccess:
		var end ending
		if err := decode(w.Output, &end); err != nil {
			return status, fmt.Errorf("execution %s: its output: %w", id, err)
		}
		status.Status, status.Stopped, status.Output, status.Error, status.Cause = string(end.Status), end.At, end.Output, end.Error, end.Cause
	case dbos.WorkflowStatusError, dbos.WorkflowStatusCancelled, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded:
		// The engine itself could not go on, which is no outcome of a workflow.
		status.Status, status.Stopped, status.Error, status.Cause = string(flow.Failed), w.UpdatedAt.UTC(), "Engine.Failed", fmt.Sprint(w.Error)
	}
	return status, nil
}

// Cancel is port.Engine's. Afterwards Describe says so.
func (e *Engine) Cancel(ctx context.Context, name, id, _ string) error {
	if _, err := e.Describe(ctx, name, id); err != nil {
		return err
	}
	err := e.post(ctx, id, flow.Event{Kind: flow.CancelRequested})
	if err != nil && !errors.Is(err, port.ErrClosed) {
		return err
	}
	// The event is recorded; that the execution has ended is, milliseconds later.
	for wait := time.Millisecond; ; wait *= 2 {
		s, err := e.Describe(ctx, name, id)
		if err != nil || s.Status != string(flow.Running) {
			return err
		}
		if wait > time.Second {
			return fmt.Errorf("execution %s was cancelled, and takes its time to end", id)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// stored reads an execution from the file.
func (e *Engine) stored(id string, output bool) (w dbos.WorkflowStatus, found bool, err error) {
	list, err := dbos.ListWorkflows(e.dbos, dbos.WithFilterWorkflowIDs(id), dbos.WithFilterLoadInput(true), dbos.WithFilterLoadOutput(output))
	if err != nil || len(list) == 0 {
		return w, false, err
	}
	return list[0], true, nil
}

func beginningOf(w dbos.WorkflowStatus) (begin beginning, err error) {
	if err := decode(w.Input, &begin); err != nil {
		return begin, fmt.Errorf("execution %s: its input: %w", w.ID, err)
	}
	return begin, nil
}

func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

func (e *Engine) observe(id string, event flow.Event, s flow.State) { e.options.Observe(id, event, s) }

// recovered returns the box of an execution, made by Start or by Launch.
func (e *Engine) recovered(id string) *box {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.boxes[id] == nil {
		e.boxes[id] = newBox(true)
	}
	return e.boxes[id]
}

func (e *Engine) forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.boxes, id)
}
