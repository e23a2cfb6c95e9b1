package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Engine = (*Engine)(nil)

// Words of port.ExecutionStatus, which are flow.Status's.
const (
	running   = "running"
	cancelled = "cancelled"
)

// Answer is what an Engine was told with a token.
type Answer struct {
	Token  task.Token
	Output []byte // of a success
	Error  string // of a failure
	Cause  string
}

// Engine is a port.Engine that follows no workflow: a test says which tokens are
// waited for and how executions end, and reads what it was told.
type Engine struct {
	clock port.Clock

	mu         sync.Mutex
	executions map[string]*execution
	waiting    map[task.Token]int // with the heartbeats so far
	answers    []Answer
	failing    func(operation string) error
}

type execution struct {
	port.ExecutionStatus

	input []byte
}

// NewEngine returns an Engine without executions.
func NewEngine(clock port.Clock) *Engine {
	return &Engine{clock: clock, executions: map[string]*execution{}, waiting: map[task.Token]int{}}
}

// Wait makes the engine wait for an answer with the token. All other tokens are closed.
func (e *Engine) Wait(token task.Token) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting[token] = 0
}

// GiveUp makes the engine wait for the token no longer, as after a timeout.
func (e *Engine) GiveUp(token task.Token) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.waiting, token)
}

// End ends an execution: with a status, and an output or an error and its cause.
func (e *Engine) End(flow, id, status string, output []byte, name, cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x, found := e.executions[flow+"/"+id]; found && x.Status == running {
		x.Status, x.Output, x.Error, x.Cause, x.Stopped = status, bytes.Clone(output), name, cause, e.clock.Now()
	}
}

// FailWith makes every operation, by its method's name, return what f returns,
// before it does anything. nil goes on.
func (e *Engine) FailWith(f func(operation string) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failing = f
}

// Answers returns what the engine was told and took, in order.
func (e *Engine) Answers() []Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.answers)
}

// Heartbeats returns how many there were for a token that is waited for.
func (e *Engine) Heartbeats(token task.Token) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.waiting[token]
}

// Input returns what an execution was started with, nil for none.
func (e *Engine) Input(flow, id string) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x, found := e.executions[flow+"/"+id]; found {
		return bytes.Clone(x.input)
	}
	return nil
}

// Start is port.Engine's.
func (e *Engine) Start(ctx context.Context, flow, id string, input []byte) error {
	return e.do(ctx, "Start", func() error {
		if x, found := e.executions[flow+"/"+id]; found {
			if x.Status == running && bytes.Equal(x.input, input) {
				return nil
			}
			return fmt.Errorf("execution %s: %w", id, port.ErrExists)
		}
		e.executions[flow+"/"+id] = &execution{
			ExecutionStatus: port.ExecutionStatus{Status: running, Started: e.clock.Now()}, input: bytes.Clone(input),
		}
		return nil
	})
}

// Describe is port.Engine's.
func (e *Engine) Describe(ctx context.Context, flow, id string) (status port.ExecutionStatus, err error) {
	err = e.do(ctx, "Describe", func() error {
		x, found := e.executions[flow+"/"+id]
		if !found {
			return fmt.Errorf("execution %s: %w", id, port.ErrNotFound)
		}
		status = x.ExecutionStatus
		return nil
	})
	return status, err
}

// Cancel is port.Engine's. It does not know which tokens are the execution's.
func (e *Engine) Cancel(ctx context.Context, flow, id, cause string) error {
	return e.do(ctx, "Cancel", func() error {
		x, found := e.executions[flow+"/"+id]
		if !found {
			return fmt.Errorf("execution %s: %w", id, port.ErrNotFound)
		}
		if x.Status == running {
			x.Status, x.Cause, x.Stopped = cancelled, cause, e.clock.Now()
		}
		return nil
	})
}

// Succeed is port.Engine's.
func (e *Engine) Succeed(ctx context.Context, token task.Token, output []byte) error {
	return e.do(ctx, "Succeed", func() error {
		return e.answer(Answer{Token: token, Output: bytes.Clone(output)})
	})
}

// Fail is port.Engine's.
func (e *Engine) Fail(ctx context.Context, token task.Token, name, cause string) error {
	return e.do(ctx, "Fail", func() error {
		return e.answer(Answer{Token: token, Error: name, Cause: cause})
	})
}

// Heartbeat is port.Engine's.
func (e *Engine) Heartbeat(ctx context.Context, token task.Token) error {
	return e.do(ctx, "Heartbeat", func() error {
		beats, found := e.waiting[token]
		if !found {
			return port.ErrClosed
		}
		e.waiting[token] = beats + 1
		return nil
	})
}

func (e *Engine) answer(a Answer) error {
	if _, found := e.waiting[a.Token]; !found {
		return port.ErrClosed
	}
	delete(e.waiting, a.Token)
	e.answers = append(e.answers, a)
	return nil
}

func (e *Engine) do(ctx context.Context, operation string, f func() error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failing != nil {
		if err := e.failing(operation); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f()
}
