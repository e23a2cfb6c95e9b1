package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// Machine follows a workflow as Step Functions follows its rendering. It holds no
// state and does nothing by itself: an engine loads a state, gives it with an
// event to Step, stores what comes back, and carries out the commands.
type Machine struct {
	flow   Workflow
	steps  map[string]Step
	digest string
	random func(task.ID) float64
}

// NewMachine returns the machine of a workflow, which must be valid. random is for
// the jitter of retries: a number from 0 up to 1 for the attempt that failed. It
// must give the same for the same attempt where events are replayed: see JitterByID.
func NewMachine(w Workflow, random func(task.ID) float64) (*Machine, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	data, err := encodeJSON(w)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	m := &Machine{flow: w, steps: map[string]Step{}, digest: hex.EncodeToString(sum[:]), random: random}
	for _, step := range w.Steps {
		m.steps[step.Name] = step
	}
	return m, nil
}

// Step returns the state after the event, and what is to be done. It is pure:
// the same state and event give the same, and s is left as it is.
func (m *Machine) Step(s State, e Event) (State, []Command, error) {
	if err := e.check(); err != nil {
		return s, nil, err
	}
	now := e.At.UTC().Round(0) // without the monotonic clock, as it is stored
	if s.Status == "" {
		if e.Kind != Started {
			return s, nil, fmt.Errorf("%w %s: the workflow has not started", ErrInvalidEvent, e.Kind)
		}
		r := &run{machine: m, now: now, state: State{
			Flow: m.flow.Name, Digest: m.digest, Workflow: e.Workflow, Status: Running, Input: e.Input, Results: map[string]task.Body{},
		}}
		r.state.Deadline = r.in(m.flow.Timeout)
		r.enter(m.flow.Steps[0].Name)
		return r.state, r.commands, nil
	}
	if s.Flow != m.flow.Name || s.Digest != m.digest {
		return s, nil, fmt.Errorf("%w: %s", ErrOtherWorkflow, s.Flow)
	}
	r := &run{machine: m, now: now, state: s.clone()}
	if e.Kind == Resumed {
		r.resume()
	}
	r.clock()
	r.event(e)
	return r.state, r.commands, nil
}

// run is one call of Step.
type run struct {
	machine  *Machine
	now      time.Time
	state    State
	commands []Command
}

func (r *run) event(e Event) {
	switch {
	case e.Kind == Clock || e.Kind == Resumed:
	case e.Kind == Started:
		r.drop(Again)
	case e.Kind == ApprovalDecided:
		r.decide(e)
	case r.state.Done():
		r.drop(Finished)
	case e.Kind == CancelRequested:
		r.end(Cancelled)
	default:
		r.answer(e)
	}
}

// answer is what a running attempt says. The first answer closes the attempt.
func (r *run) answer(e Event) {
	if e.Step != r.state.Step || e.Index < 0 || e.Index >= len(r.state.Tasks) {
		r.drop(Closed)
		return
	}
	t := &r.state.Tasks[e.Index]
	if t.Phase != TaskRunning || t.Attempt != e.Attempt {
		r.drop(Closed)
		return
	}
	switch e.Kind {
	case TaskSucceeded:
		r.taskDone(e.Index, e.Output)
	case TaskFailed:
		r.taskFailed(e.Index, e.Error, e.Cause)
	default: // a heartbeat; an older one, that comes later, takes no time away
		silent := r.in(r.machine.steps[e.Step].task().Heartbeat)
		if silent != nil && t.Silent.Before(*silent) {
			t.Silent = silent
		}
	}
}

// decide is a person's decision. The first one counts.
func (r *run) decide(e Event) {
	step, ok := r.machine.steps[e.Step]
	switch {
	case !ok || step.Approval == nil:
		r.drop(Closed)
		return
	case r.has(e.Step):
		r.drop(Decided)
		return
	case r.state.Done():
		r.drop(Finished)
		return
	case r.state.Step != e.Step:
		r.drop(Closed)
		return
	}
	next := step.Approval.Approved
	if e.Outcome == task.OutcomeRejected {
		next = step.Approval.Rejected
	}
	r.decided(e.decision(r.state.Workflow, r.now), next)
}

func (r *run) decided(d task.Decision, next string) {
	body, err := d.Body()
	if err != nil { // the event was checked, and expiry has no text
		r.fail(errorRuntime, err.Error())
		return
	}
	r.commands = append(r.commands, Command{Kind: CloseApproval, Step: d.Step})
	r.complete(d.Step, body, next)
}

// clock lets everything happen that is due, in the order of time. What starts by it has
// its own time from now: an engine that comes late must not find it expired.
func (r *run) clock() {
	for {
		due, ok := r.state.Wake()
		if !ok || due.After(r.now) {
			return
		}
		step := r.machine.steps[r.state.Step]
		switch {
		case is(r.state.Deadline, due):
			r.end(TimedOut)
		case is(r.state.Due, due) && step.Wait != nil:
			r.enter(step.Wait.Next)
		case is(r.state.Due, due):
			r.decided(Event{Step: step.Name, Outcome: task.OutcomeExpired}.decision(r.state.Workflow, due), step.Approval.Expired)
		default:
			r.taskClock(due)
		}
	}
}

// taskClock is for the first task that is due.
func (r *run) taskClock(due time.Time) {
	for i, t := range r.state.Tasks {
		switch {
		case is(t.Due, due) && t.Phase == TaskBackoff:
			r.start(i)
		case is(t.Due, due):
			r.stop(i)
			r.taskFailed(i, errorTimeout, "")
		case is(t.Silent, due):
			r.stop(i)
			r.taskFailed(i, errorHeartbeatTimeout, "")
		default:
			continue
		}
		return
	}
}

func is(t *time.Time, due time.Time) bool { return t != nil && t.Equal(due) }

// in is the time after so many seconds, nil after none.
func (r *run) in(after Seconds) *time.Time {
	if after == 0 {
		return nil
	}
	return new(r.now.Add(time.Duration(after) * time.Second))
}

func (r *run) drop(reason Reason) {
	r.commands = append(r.commands, Command{Kind: Drop, Reason: reason})
}

func (r *run) has(step string) bool {
	_, ok := r.state.Results[step]
	return ok
}

// enter goes on with a step, and with those behind it that take no time.
func (r *run) enter(name string) {
	step := r.machine.steps[name]
	s := &r.state
	s.Step, s.Tasks, s.Due = name, nil, nil
	switch {
	case step.Agent != nil:
		s.Tasks = []TaskState{{Phase: TaskWaiting}}
		r.schedule()
	case step.Map != nil:
		r.enterMap(step)
	case step.Choice != nil:
		r.enter(r.choose(step.Choice))
	case step.Approval != nil:
		s.Due = r.in(step.Approval.Timeout)
		r.ask(step)
	case step.Wait != nil:
		s.Due = r.in(step.Wait.Seconds)
	case step.Succeed != nil:
		r.succeed(step.Succeed)
	case step.Fail != nil:
		r.fail(step.Fail.Error, step.Fail.Cause)
	}
}

func (r *run) choose(c *Choice) string {
	for _, rule := range c.Rules {
		value, err := rule.If.resolve(&r.state, nil)
		if err != nil {
			continue // a value that is not there equals none
		}
		var got any
		if json.Unmarshal(value, &got) == nil && got == rule.Is {
			return rule.Next
		}
	}
	return c.Default
}

func (r *run) ask(step Step) {
	a := step.Approval
	input, err := bodies(a.Input, &r.state, nil)
	if err != nil {
		r.fail(errorRuntime, err.Error())
		return
	}
	r.commands = append(r.commands, Command{Kind: AskApproval, Approval: &task.ApprovalRequest{
		Workflow: r.state.Workflow, Step: step.Name, Prompt: a.Prompt, Input: input, Timeout: int(a.Timeout),
	}})
}

func (r *run) complete(step string, result task.Body, next string) {
	r.state.Results[step] = result
	r.enter(next)
}

func (r *run) succeed(end *Succeed) {
	output, err := encodeJSON(r.state.Results)
	if end.Output != "" {
		output, err = end.Output.resolve(&r.state, nil)
	}
	if err != nil {
		r.fail(errorRuntime, err.Error())
		return
	}
	r.state.Output = output
	r.end(Succeeded)
}

func (r *run) fail(name, cause string) {
	r.state.Error, r.state.Cause = name, cause
	r.end(Failed)
}

// end closes whatever is open.
func (r *run) end(status Status) {
	for i := range r.state.Tasks {
		r.stop(i)
	}
	if step := r.machine.steps[r.state.Step]; step.Approval != nil && !r.has(step.Name) {
		r.commands = append(r.commands, Command{Kind: CloseApproval, Step: step.Name})
	}
	r.state.Status = status
	r.state.Tasks, r.state.Due, r.state.Deadline = nil, nil, nil
}
