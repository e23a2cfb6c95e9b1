package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Engine follows workflows as Step Functions does: it forgets nothing, sends orders
// to a queue and waits for answers by token.
type Engine struct {
	clock port.Clock
	queue port.Queue
	flows map[string]*flow.Machine

	mu     sync.Mutex
	runs   map[string]*execution
	tokens map[task.Token]waiting
}

type execution struct {
	machine *flow.Machine
	input   []byte
	state   flow.State
	started time.Time
	stopped time.Time
	cause   string
}

// waiting is what a token answers.
type waiting struct {
	workflow, step string
	index, attempt int
	approval       bool
}

// NewEngine returns an engine that sends to queue.
func NewEngine(clock port.Clock, queue port.Queue, flows ...flow.Workflow) (*Engine, error) {
	e := &Engine{clock: clock, queue: queue, flows: map[string]*flow.Machine{}, runs: map[string]*execution{}, tokens: map[task.Token]waiting{}}
	for _, f := range flows {
		m, err := flow.NewMachine(f, flow.JitterByID)
		if err != nil {
			return nil, err
		}
		e.flows[f.Name] = m
	}
	return e, nil
}

// State returns a workflow's state.
func (e *Engine) State(id string) flow.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.runs[id]; x != nil {
		return x.state
	}
	return flow.State{}
}

// Tick lets the time pass for all workflows.
func (e *Engine) Tick(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, x := range e.runs {
		if at, ok := x.state.Wake(); ok && !at.After(e.clock.Now()) {
			if _, err := e.step(ctx, id, x, flow.Event{Kind: flow.Clock}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Start is port.Engine's.
func (e *Engine) Start(ctx context.Context, name, id string, input []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.runs[id]; x != nil {
		if !x.state.Done() && bytes.Equal(x.input, input) {
			return nil
		}
		return port.ErrExists
	}
	machine := e.flows[name]
	if machine == nil {
		return fmt.Errorf("flow %s: %w", name, port.ErrPermanent)
	}
	x := &execution{machine: machine, input: bytes.Clone(input), started: e.clock.Now()}
	e.runs[id] = x
	_, err := e.step(ctx, id, x, flow.Event{Kind: flow.Started, Workflow: id, Input: x.input})
	return err
}

// Describe is port.Engine's.
func (e *Engine) Describe(_ context.Context, _, id string) (port.ExecutionStatus, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.runs[id]
	if x == nil {
		return port.ExecutionStatus{}, port.ErrNotFound
	}
	s := port.ExecutionStatus{
		Status: string(x.state.Status), Started: x.started, Stopped: x.stopped,
		Output: x.state.Output, Error: x.state.Error, Cause: x.state.Cause,
	}
	if x.cause != "" {
		s.Cause = x.cause
	}
	return s, nil
}

// Cancel is port.Engine's.
func (e *Engine) Cancel(ctx context.Context, _, id, cause string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := e.runs[id]
	if x == nil {
		return port.ErrNotFound
	}
	if x.state.Done() {
		return nil
	}
	x.cause = cause
	_, err := e.step(ctx, id, x, flow.Event{Kind: flow.CancelRequested})
	return err
}

// Succeed is port.Engine's.
func (e *Engine) Succeed(ctx context.Context, token task.Token, output []byte) error {
	var body task.Body
	if err := json.Unmarshal(output, &body); err != nil {
		return fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	return e.answer(ctx, token, func(w waiting) (flow.Event, error) {
		if !w.approval {
			return flow.Event{Kind: flow.TaskSucceeded, Output: &body}, nil
		}
		d, err := task.DecodeDecision(body.Inline)
		return flow.Event{Kind: flow.ApprovalDecided, Outcome: d.Decision, By: d.By, Comment: d.Comment}, err
	})
}

// Fail is port.Engine's.
func (e *Engine) Fail(ctx context.Context, token task.Token, name, cause string) error {
	return e.answer(ctx, token, func(waiting) (flow.Event, error) {
		return flow.Event{Kind: flow.TaskFailed, Error: name, Cause: cause}, nil
	})
}

// Heartbeat is port.Engine's.
func (e *Engine) Heartbeat(ctx context.Context, token task.Token) error {
	return e.answer(ctx, token, func(waiting) (flow.Event, error) {
		return flow.Event{Kind: flow.TaskHeartbeat}, nil
	})
}

func (e *Engine) answer(ctx context.Context, token task.Token, event func(waiting) (flow.Event, error)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	w, known := e.tokens[token]
	if !known {
		return port.ErrClosed
	}
	ev, err := event(w)
	if err != nil {
		return err
	}
	ev.Step, ev.Index, ev.Attempt = w.step, w.index, w.attempt
	dropped, err := e.step(ctx, w.workflow, e.runs[w.workflow], ev)
	if err == nil && dropped {
		return port.ErrClosed
	}
	return err
}

// step gives the machine an event and carries out what it says.
func (e *Engine) step(ctx context.Context, id string, x *execution, ev flow.Event) (dropped bool, err error) {
	ev.At = e.clock.Now()
	state, commands, err := x.machine.Step(x.state, ev)
	if err != nil {
		return false, err
	}
	x.state = state
	if state.Done() && x.stopped.IsZero() {
		x.stopped = ev.At
	}
	for _, c := range commands {
		var message []byte
		switch c.Kind {
		case flow.StartTask:
			o := *c.Order
			o.Token = e.token(waiting{id, o.Step, o.Index, o.Attempt, false})
			message, err = o.Encode()
		case flow.AskApproval:
			r := *c.Approval
			r.Token = e.token(waiting{id, r.Step, 0, r.Attempt, true})
			message, err = r.Encode()
		case flow.Drop:
			dropped = true
			continue
		default: // Step Functions stops nothing
			continue
		}
		if err == nil {
			err = e.queue.Send(ctx, message)
		}
		if err != nil {
			return dropped, err
		}
	}
	return dropped, nil
}

func (e *Engine) token(w waiting) task.Token {
	token := task.Token(fmt.Sprintf("token-%d", len(e.tokens)))
	e.tokens[token] = w
	return token
}
