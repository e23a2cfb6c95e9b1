package checker

import (
	"context"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// answeredTasks brings answers to the engine that whoever recorded them did not.
func (p *pass) answeredTasks(ctx context.Context) error {
	until := p.now.Add(-p.Undelivered)
	return p.pages("answered tasks", func(limit int, from string) (int, string, error) {
		tasks, next, err := p.Store.DueTasks(ctx, store.TaskAnswered, until, limit, from)
		for _, t := range tasks {
			p.problem(ctx, p.answeredTask(ctx, t), settle.TaskAttrs(t)...)
		}
		return len(tasks), next, err
	})
}

func (p *pass) answeredTask(ctx context.Context, t store.Task) error {
	// The list may lag behind.
	t, err := p.Store.Task(ctx, t.ID)
	if err != nil || t.Status != store.TaskAnswered {
		return err
	}
	// The run has answered, or the engine has given it up: first, as nobody looks at
	// the record once it is closed.
	if t.Run != "" {
		if err := p.Runner.Stop(ctx, t.Run, "the task has its answer"); err != nil {
			return err
		}
	}
	if _, err := p.Settler.Deliver(ctx, t); err != nil {
		return err
	}
	p.report.Delivered++
	return nil
}

// openTasks looks after tasks without an answer.
func (p *pass) openTasks(ctx context.Context) error {
	var oldest time.Duration
	err := p.pages("open tasks", func(limit int, from string) (int, string, error) {
		tasks, next, err := p.Store.DueTasks(ctx, store.TaskOpen, p.now, limit, from)
		if err != nil || len(tasks) == 0 {
			return 0, next, err
		}
		var runs []string
		for _, t := range tasks {
			oldest = max(oldest, p.now.Sub(t.Created))
			if t.Run != "" {
				runs = append(runs, t.Run)
			}
		}
		var statuses map[string]port.RunStatus
		if len(runs) > 0 {
			if statuses, err = p.Runner.Describe(ctx, runs); err != nil {
				// What does not depend on it goes on: nothing counts as stopped.
				p.problem(ctx, err)
			}
		}
		for _, t := range tasks {
			p.problem(ctx, p.openTask(ctx, t, statuses[t.Run]), settle.TaskAttrs(t)...)
		}
		return len(tasks), next, nil
	})
	p.Metrics.OldestTask(oldest)
	return err
}

func (p *pass) openTask(ctx context.Context, t store.Task, run port.RunStatus) error {
	ended, err := p.hasEnded(ctx, t.Spec.Workflow)
	if err != nil {
		return err
	}
	if ended {
		p.report.Stopped++
		return p.Settler.Release(ctx, t, "the workflow has ended")
	}
	silent := p.now.Sub(lastHeard(t))
	switch {
	case p.now.After(t.Deadline.Add(dispatch.Grace)):
		return p.givenUp(ctx, t, "no answer came before the deadline")
	case t.Run != "" && t.Spec.Heartbeat > 0 && silent >= time.Duration(t.Spec.Heartbeat)*time.Second+p.Silence:
		return p.givenUp(ctx, t, "no heartbeat came for too long")
	case t.Run == "" && silent >= p.NotStarted:
		return p.stopped(ctx, t, "the task was recorded and not started")
	case t.Run != "" && run.Stopped && silent >= p.Silence:
		return p.stopped(ctx, t, "the run stopped without an answer: "+run.Reason)
	}
	return nil
}

// givenUp is for a task that the engine has given up, by its own clock.
func (p *pass) givenUp(ctx context.Context, t store.Task, cause string) error {
	if t.Run != "" {
		if err := p.Runner.Stop(ctx, t.Run, cause); err != nil {
			return err
		}
	}
	return p.stopped(ctx, t, cause)
}

func lastHeard(t store.Task) time.Time {
	last := t.Created
	for _, at := range []*time.Time{t.Started, t.Heard} {
		if at != nil && at.After(last) {
			last = *at
		}
	}
	return last
}

func (p *pass) stopped(ctx context.Context, t store.Task, cause string) error {
	_, won, err := p.Settler.Answer(ctx, t.ID, store.Answer{Error: task.ErrorStopped, Cause: cause})
	if won {
		p.report.Stopped++
	}
	return err
}

// hasEnded looks a workflow up, once in a pass.
func (p *pass) hasEnded(ctx context.Context, workflow string) (bool, error) {
	if ended, known := p.ended[workflow]; known {
		return ended, nil
	}
	w, err := p.Store.Workflow(ctx, workflow)
	if notThere(err) {
		p.ended[workflow] = false
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p.ended[workflow] = w.Status != flow.Running
	return p.ended[workflow], nil
}
