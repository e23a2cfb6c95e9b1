package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// PutTask records an order before anything is started. When it was there, the
// record is returned; an open one takes the order's token and deadline, should the token be another.
func (s *Store) PutTask(ctx context.Context, o task.Order, deadline time.Time) (stored Task, created bool, err error) {
	if _, err := o.Encode(); err != nil { // checks every field
		return Task{}, false, err
	}
	now := s.clock.Now()
	t := Task{ID: o.ID(), Spec: o.Spec, Status: TaskOpen, Token: Secret{o.Token}, Created: now, Deadline: deadline.UTC()}
	expires := now.Add(maxLife + s.keep)
	// The way to the record first: one that is there can be found.
	if err := s.point(ctx, t, expires); err != nil {
		return Task{}, false, err
	}
	key := taskKey(o.Workflow, t.ID)
	stored, created, err = tasks.getOrCreate(ctx, s.table, key, t, expires)
	if err != nil || created || stored.Status != TaskOpen || stored.Token == t.Token {
		return stored, created, err
	}
	stored, _, err = tasks.update(ctx, s.table, key, func(old *Task, _ *time.Time) bool {
		if old.Status != TaskOpen || old.Token == t.Token {
			return false
		}
		old.Token, old.Deadline = t.Token, t.Deadline
		return true
	})
	return stored, false, err
}

// Task returns the record of a task. ErrNotFound.
func (s *Store) Task(ctx context.Context, id task.ID) (Task, error) {
	key, err := s.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	return tasks.get(ctx, s.table, key)
}

// Tasks returns the records of all tasks of a workflow, the first recorded first.
// Of an unknown workflow there are none.
func (s *Store) Tasks(ctx context.Context, workflow string) ([]Task, error) {
	if !isWorkflow(workflow) {
		return nil, nil
	}
	records, err := tasks.all(ctx, s.table, workflow, taskPrefix)
	slices.SortFunc(records, func(a, b Task) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Spec.Step, b.Spec.Step),
			cmp.Compare(a.Spec.Index, b.Spec.Index), cmp.Compare(a.Spec.Attempt, b.Spec.Attempt))
	})
	return records, err
}

// StartTask records the run that was started for the task. Of one that was closed
// meanwhile too: the run is then to be stopped. ErrNotFound.
func (s *Store) StartTask(ctx context.Context, id task.ID, run string) (Task, error) {
	now := s.clock.Now()
	t, _, err := s.updateTask(ctx, id, func(t *Task, _ *time.Time) bool {
		if t.Run == run {
			return false
		}
		t.Run, t.Started = run, &now
		return true
	})
	return t, err
}

// HearTask records a heartbeat of an open task. ErrNotFound.
func (s *Store) HearTask(ctx context.Context, id task.ID) (Task, error) {
	now := s.clock.Now()
	t, _, err := s.updateTask(ctx, id, func(t *Task, _ *time.Time) bool {
		if t.Status != TaskOpen || t.Heard != nil && !now.After(*t.Heard) {
			return false
		}
		t.Heard = &now
		return true
	})
	return t, err
}

// AnswerTask records an answer. The first counts: won is false when there was
// one, which is in stored, or when the task was closed without. ErrNotFound.
func (s *Store) AnswerTask(ctx context.Context, id task.ID, a Answer) (stored Task, won bool, err error) {
	if (a.Output == nil) == (a.Error == "") {
		return Task{}, false, fmt.Errorf("task %s: an answer must have either an output or an error", id)
	}
	now := s.clock.Now()
	return s.updateTask(ctx, id, func(t *Task, _ *time.Time) bool {
		if t.Status != TaskOpen {
			return false
		}
		t.Status, t.Answer, t.Answered = TaskAnswered, &a, &now
		return true
	})
}

// CloseTask records that the engine has the answer, or, with dropped, did
// not want it. A task without an answer is closed too (its workflow was
// cancelled). A closed one stays as it is. ErrNotFound.
func (s *Store) CloseTask(ctx context.Context, id task.ID, dropped bool) (Task, error) {
	t, _, err := s.updateTask(ctx, id, func(t *Task, _ *time.Time) bool {
		if t.Status == TaskClosed {
			return false
		}
		t.Status, t.Dropped = TaskClosed, dropped
		return true
	})
	return t, err
}

// DueTasks lists tasks of a status that are to be looked at: open ones by
// their time of creation, answered ones by that of their answer, the oldest
// first. It may lag behind: a task may have another status by now.
func (s *Store) DueTasks(ctx context.Context, status TaskStatus, until time.Time, limit int, from string) (records []Task, next string, err error) {
	return tasks.list(ctx, s.table, port.Query{
		PK: taskStatusIndex(status), Index: true, Until: through(until), Limit: limit, From: from,
	})
}

// point records which workflow a task belongs to.
func (s *Store) point(ctx context.Context, t Task, expires time.Time) error {
	data, err := marshal(pointer{Workflow: t.Spec.Workflow})
	if err != nil {
		return err
	}
	_, err = s.table.Put(ctx, port.Item{Key: pointerKey(t.ID), Data: data, Expires: expires})
	if errors.Is(err, port.ErrConflict) {
		return nil // the id says which workflow it is: what is there is the same
	}
	return err
}

func (s *Store) find(ctx context.Context, id task.ID) (port.Key, error) {
	if _, err := task.ParseID(string(id)); err != nil {
		return port.Key{}, ErrNotFound
	}
	item, found, err := s.table.Get(ctx, pointerKey(id))
	if err != nil {
		return port.Key{}, err
	}
	if !found {
		return port.Key{}, ErrNotFound
	}
	var p pointer
	if err := unmarshal(item.Data, &p); err != nil {
		return port.Key{}, err
	}
	return taskKey(p.Workflow, id), nil
}

func (s *Store) updateTask(ctx context.Context, id task.ID, decide change[Task]) (Task, bool, error) {
	key, err := s.find(ctx, id)
	if err != nil {
		return Task{}, false, err
	}
	return tasks.update(ctx, s.table, key, decide)
}
