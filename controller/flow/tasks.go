package flow

import (
	"encoding/json"
	"errors"

	"github.com/aegis-agents/aegis/controller/task"
)

func (r *run) enterMap(step Step) {
	items, err := r.items(step)
	switch {
	case err != nil:
		r.fail(errorRuntime, err.Error())
	case len(items) > step.Map.MaxItems:
		r.fail(ErrorTooManyItems, tooMany(step))
	case len(items) == 0:
		r.complete(step.Name, task.Body{List: []task.Body{}}, step.Map.Next)
	default:
		r.state.Tasks = make([]TaskState, len(items))
		for i := range r.state.Tasks {
			r.state.Tasks[i].Phase = TaskWaiting
		}
		r.schedule()
	}
}

func (r *run) items(step Step) ([]json.RawMessage, error) {
	list, err := step.Map.Over.resolve(&r.state, nil)
	if err != nil {
		return nil, err
	}
	var items []json.RawMessage
	if json.Unmarshal(list, &items) != nil || items == nil {
		return nil, errors.New(string(step.Map.Over) + ": is no list")
	}
	return items, nil
}

// schedule starts tasks as far as the cap allows, in the order of their items. One
// in its backoff keeps its place.
func (r *run) schedule() {
	free := 1
	if step := r.machine.steps[r.state.Step]; step.Map != nil {
		free = step.Map.MaxConcurrency
	}
	for _, t := range r.state.Tasks {
		if t.Phase == TaskRunning || t.Phase == TaskBackoff {
			free--
		}
	}
	for i := 0; i < len(r.state.Tasks) && free > 0; i++ {
		if r.state.Tasks[i].Phase == TaskWaiting {
			r.start(i)
			free--
		}
	}
}

// start begins the task's attempt. When its input is not there, the workflow has ended then.
func (r *run) start(i int) {
	order, err := r.order(i)
	if err != nil {
		r.fail(errorRuntime, err.Error())
		return
	}
	t := &r.state.Tasks[i]
	t.Phase = TaskRunning
	r.time(i)
	r.commands = append(r.commands, Command{Kind: StartTask, Order: order})
}

// time gives a running attempt its time, from now.
func (r *run) time(i int) {
	config := r.machine.steps[r.state.Step].task()
	r.state.Tasks[i].Due = r.in(config.Timeout)
	r.state.Tasks[i].Silent = r.in(config.Heartbeat)
}

// order is what the renderer writes into the message.
func (r *run) order(i int) (*task.Order, error) {
	step := r.machine.steps[r.state.Step]
	var item json.RawMessage
	if step.Map != nil {
		items, err := r.items(step)
		if err != nil {
			return nil, err
		}
		item = items[i]
	}
	config := step.task()
	input, err := bodies(config.Input, &r.state, item)
	if err != nil {
		return nil, err
	}
	return &task.Order{Spec: task.Spec{
		Workflow: r.state.Workflow, Step: step.Name, Index: i, Attempt: r.state.Tasks[i].Attempt,
		Agent: string(config.Agent), Input: input, Timeout: int(config.Timeout), Heartbeat: int(config.Heartbeat),
		InlineLimit: config.inlineLimit(), InlineOnly: r.machine.flow.readByField(step.Name),
	}}, nil
}

func (r *run) taskDone(i int, result *task.Body) {
	step := r.machine.steps[r.state.Step]
	if step.Agent != nil {
		r.complete(step.Name, *result, step.Agent.Next)
		return
	}
	r.state.Tasks[i] = TaskState{Phase: TaskDone, Attempt: r.state.Tasks[i].Attempt, Result: result}
	list := make([]task.Body, 0, len(r.state.Tasks))
	for _, t := range r.state.Tasks {
		if t.Phase != TaskDone {
			r.schedule()
			return
		}
		list = append(list, *t.Result)
	}
	r.complete(step.Name, task.Body{List: list}, step.Map.Next)
}

func (r *run) taskFailed(i int, name, cause string) {
	retry := r.machine.steps[r.state.Step].task().Retry
	t := &r.state.Tasks[i]
	if !retry.Allows(t.Attempt, name) {
		t.Phase = TaskDone // it needs no stopping
		r.fail(name, cause)
		return
	}
	random := r.machine.random(task.NewID(r.state.Workflow, r.state.Step, i, t.Attempt))
	*t = TaskState{
		Phase: TaskBackoff, Attempt: t.Attempt + 1,
		Due: new(r.now.Add(retry.Delay(t.Attempt, random))),
	}
}

// stop is for an attempt that nobody waits for any more.
func (r *run) stop(i int) {
	if t := r.state.Tasks[i]; t.Phase == TaskRunning {
		r.commands = append(r.commands, Command{Kind: StopTask, Task: &TaskRef{Step: r.state.Step, Index: i, Attempt: t.Attempt}})
	}
}

// resume gives what runs its time anew, and repeats what has to be done for it.
func (r *run) resume() {
	if r.state.Done() {
		return
	}
	step := r.machine.steps[r.state.Step]
	// Not if it has expired: the clock, which comes next, will say so.
	if step.Approval != nil && r.state.Due.After(r.now) {
		r.ask(step)
	}
	for i := range r.state.Tasks {
		if r.state.Tasks[i].Phase == TaskRunning {
			r.start(i)
		}
		if r.state.Done() {
			return
		}
	}
}
