package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// stepEvents names the one step that executions consist of. Stored: do not rename.
const stepEvents = "events"

// beginning is what an execution is started with. It holds the workflow, so that
// a program with another version of it can still finish the execution.
type beginning struct {
	Flow  flow.Workflow   `json:"flow"`
	Input json.RawMessage `json:"input"`
	At    time.Time       `json:"at"`
}

// ending is an execution's output.
type ending struct {
	Status flow.Status     `json:"status"`
	At     time.Time       `json:"at"`
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"`
	Cause  string          `json:"cause,omitempty"`
}

// walk is the DBOS workflow. Everything that is not a function of its input and
// its steps' results is done only when live, that is, not in a replay.
func (e *Engine) walk(ctx dbos.Context, text string) (string, error) {
	id, err := dbos.GetWorkflowID(ctx)
	if err != nil {
		return "", err
	}
	b := e.recovered(id)
	end, err := e.follow(ctx, id, b, text)
	if ctx.Err() != nil {
		b.close(fmt.Errorf("execution %s goes on with the next start: %w", id, context.Cause(ctx)))
		return "", errors.Join(err, ctx.Err())
	}
	b.close(port.ErrClosed)
	e.forget(id)
	return end, err
}

func (e *Engine) follow(ctx dbos.Context, id string, b *box, text string) (string, error) {
	var begin beginning
	if err := json.Unmarshal([]byte(text), &begin); err != nil {
		return "", fmt.Errorf("what the execution was started with: %w", err)
	}
	machine, state, commands, err := begin.start(id)
	if err != nil {
		return "", err
	}
	last := begin.At
	if !b.resume {
		e.observe(id, flow.Event{Kind: flow.Started, At: begin.At}, state)
		_ = e.carryOut(ctx, id, b, 0, commands) // nothing is dropped by a start
	}
	lives := 0
	for !state.Done() {
		var letters []letter
		recorded, err := dbos.RunAsStep(ctx, func(ctx context.Context) (string, error) {
			var err error
			if letters, err = b.next(ctx, state); err != nil {
				return "", err
			}
			return encodeEvents(letters, last)
		}, dbos.WithStepName(stepEvents))
		if err != nil {
			for _, l := range letters {
				l.reply <- err
			}
			return "", err
		}
		var events []flow.Event
		if err := json.Unmarshal([]byte(recorded), &events); err != nil {
			return "", fmt.Errorf("recorded events: %w", err)
		}
		for i, event := range events {
			last = event.At
			if event.Kind == flow.Resumed {
				lives++
			}
			next, commands, refused := machine.Step(state, event)
			if refused == nil {
				state = next
			}
			if letters == nil {
				continue
			}
			if refused == nil {
				refused = e.carryOut(ctx, id, b, lives, commands)
			}
			if refused == nil {
				e.observe(id, event, state)
			}
			letters[i].reply <- refused
		}
	}
	end, err := encode(ending{Status: state.Status, At: last, Output: state.Output, Error: state.Error, Cause: state.Cause})
	return string(end), err
}

// start is the beginning of every walk, live or not.
func (b beginning) start(id string) (*flow.Machine, flow.State, []flow.Command, error) {
	m, err := flow.NewMachine(b.Flow, flow.JitterByID)
	if err != nil {
		return nil, flow.State{}, nil, err
	}
	s, commands, err := m.Step(flow.State{}, flow.Event{Kind: flow.Started, At: b.At, Workflow: id, Input: b.Input})
	return m, s, commands, err
}

// carryOut does what the machine says. Whatever is lost with the process comes
// again after Resumed. An event that changed nothing is port.ErrClosed.
func (e *Engine) carryOut(ctx context.Context, id string, b *box, life int, commands []flow.Command) error {
	var dropped error
	for _, c := range commands {
		switch c.Kind {
		case flow.StartTask:
			order := *c.Order
			order.Token = address{workflow: id, step: order.Step, index: order.Index, attempt: order.Attempt, life: life}.token()
			body, err := order.Encode()
			if err == nil {
				err = e.options.Tasks.Send(ctx, body)
			}
			if err != nil {
				e.undelivered(ctx, b, flow.Event{Kind: flow.TaskFailed, Step: order.Step, Index: order.Index, Attempt: order.Attempt}, err)
			}
		case flow.AskApproval:
			request := *c.Approval
			request.Token = address{workflow: id, step: request.Step, approval: true}.token()
			body, err := request.Encode()
			if err == nil {
				err = e.options.Tasks.Send(ctx, body)
			}
			if err != nil {
				// Nobody can be asked: the approval expires, and the log says why.
				e.options.Logger.ErrorContext(ctx, "the approval request was not sent", "workflow", id, "step", request.Step, "error", err)
			}
		case flow.StopTask:
			e.options.Stop(ctx, task.NewID(id, c.Task.Step, c.Task.Index, c.Task.Attempt))
		case flow.CloseApproval:
			e.options.Expire(ctx, id, c.Step)
		case flow.Drop:
			dropped = fmt.Errorf("%s: %w", c.Reason, port.ErrClosed)
		}
	}
	return dropped
}

// undelivered fails a task whose order nobody will carry out, as Step Functions
// does when its message cannot be sent.
func (e *Engine) undelivered(ctx context.Context, b *box, event flow.Event, cause error) {
	event.Error, event.Cause = task.ErrorDeadLetter, "the order was not sent: "+cause.Error()
	event.At = time.Now().UTC()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, letter{event: event, reply: make(chan error, 1)})
	e.options.Logger.ErrorContext(ctx, "the order was not sent", "step", event.Step, "index", event.Index, "error", cause)
}

// encodeEvents dates events in the order in which they are recorded. Time never
// goes back in an execution, whatever the machine's clock does.
func encodeEvents(letters []letter, last time.Time) (string, error) {
	events := make([]flow.Event, len(letters))
	for i, l := range letters {
		last = later(time.Now().UTC(), last)
		events[i] = l.event
		events[i].At = last
	}
	data, err := encode(events)
	return string(data), err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// encode is json.Marshal without the escapes that make bodies longer than they may be.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// decode reads what encode has written, as DBOS lists it: text in a JSON string.
func decode(listed, value any) error {
	quoted, ok := listed.(string)
	if !ok {
		return fmt.Errorf("is a %T", listed)
	}
	var text string
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), value)
}
