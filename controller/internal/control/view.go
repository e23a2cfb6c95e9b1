package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// View is a workflow with all that belongs to it. It holds no token.
type View struct {
	Workflow  store.Workflow `json:"workflow"`
	Tasks     []TaskView     `json:"tasks"`
	Approvals []ApprovalView `json:"approvals"`
	Waiting   []Waiting      `json:"waiting"` // for what; empty when it has ended
}

// TaskView is a task's attempt.
type TaskView struct {
	ID       task.ID          `json:"id"`
	Step     string           `json:"step"`
	Index    int              `json:"index"`
	Attempt  int              `json:"attempt"`
	Agent    string           `json:"agent"`
	Status   store.TaskStatus `json:"status"`
	Created  time.Time        `json:"created"`
	Deadline time.Time        `json:"deadline"`
	Run      string           `json:"run,omitempty"`
	Started  *time.Time       `json:"started,omitempty"`
	Heard    *time.Time       `json:"heard,omitempty"`
	Answered *time.Time       `json:"answered,omitempty"`
	Answer   *store.Answer    `json:"answer,omitempty"`
	Dropped  bool             `json:"dropped,omitempty"`
}

// ApprovalView is an approval.
type ApprovalView struct {
	Step     string               `json:"step"`
	Prompt   string               `json:"prompt"`
	Input    map[string]task.Body `json:"input"`
	Created  time.Time            `json:"created"`
	Expires  time.Time            `json:"expires"`
	Decision *task.Decision       `json:"decision,omitempty"`
	Closed   bool                 `json:"closed"` // there is nothing to decide any more
}

// WaitingKind says what a workflow waits for.
type WaitingKind string

// The kinds. They are in answers: rename none.
const (
	WaitingStart    WaitingKind = "start"    // the engine does not know it yet
	WaitingTask     WaitingKind = "task"     // an agent
	WaitingApproval WaitingKind = "approval" // a person
	WaitingEngine   WaitingKind = "engine"   // the engine: it goes on, or waits before a retry
)

// Waiting is one thing that a workflow waits for.
type Waiting struct {
	Kind  WaitingKind `json:"kind"`
	Step  string      `json:"step,omitempty"`
	Index int         `json:"index,omitempty"`
	Since time.Time   `json:"since"`
	Until *time.Time  `json:"until,omitempty"` // when the engine waits no more
	Text  string      `json:"text"`            // for people
}

// Get returns a workflow with its tasks and approvals, as it stands now.
func (s *Service) Get(ctx context.Context, id string) (View, error) {
	if err := invalid(checkWorkflow(id)); err != nil {
		return View{}, err
	}
	w, err := s.current(ctx, id)
	if err != nil {
		return View{}, err
	}
	tasks, err := s.Store.Tasks(ctx, id)
	if err != nil {
		return View{}, err
	}
	approvals, err := s.Store.Approvals(ctx, id)
	if err != nil {
		return View{}, err
	}
	v := View{Workflow: w, Tasks: []TaskView{}, Approvals: []ApprovalView{}, Waiting: []Waiting{}}
	for _, t := range tasks {
		v.Tasks = append(v.Tasks, TaskView{
			ID: t.ID, Step: t.Spec.Step, Index: t.Spec.Index, Attempt: t.Spec.Attempt, Agent: t.Spec.Agent, Status: t.Status,
			Created: t.Created, Deadline: t.Deadline, Run: t.Run, Started: t.Started, Heard: t.Heard,
			Answered: t.Answered, Answer: t.Answer, Dropped: t.Dropped,
		})
	}
	for _, a := range approvals {
		v.Approvals = append(v.Approvals, ApprovalView{
			Step: a.Request.Step, Prompt: a.Request.Prompt, Input: a.Request.Input, Created: a.Created, Expires: a.Expires,
			Decision: a.Decision, Closed: a.Delivered || a.Decision != nil,
		})
	}
	if w.Status == flow.Running {
		v.Waiting, err = s.waiting(ctx, v)
	}
	return v, err
}

func (s *Service) waiting(ctx context.Context, v View) ([]Waiting, error) {
	var all []Waiting
	for _, t := range v.Tasks {
		// An attempt that the engine gave up may be open for a while.
		if t.Status != store.TaskOpen || slices.ContainsFunc(v.Tasks, func(other TaskView) bool {
			return other.Step == t.Step && other.Index == t.Index && other.Attempt > t.Attempt
		}) {
			continue
		}
		w := Waiting{Kind: WaitingTask, Step: t.Step, Index: t.Index, Since: t.Created, Until: &t.Deadline}
		switch {
		case t.Heard != nil:
			w.Text = fmt.Sprintf("agent %s works on it, heard of at %s", t.Agent, t.Heard.Format(time.RFC3339))
		case t.Started != nil:
			w.Since = *t.Started
			w.Text = fmt.Sprintf("agent %s was started and not heard of yet", t.Agent)
		default:
			w.Text = fmt.Sprintf("agent %s is to be started", t.Agent)
		}
		all = append(all, w)
	}
	for _, a := range v.Approvals {
		if !a.Closed {
			all = append(all, Waiting{Kind: WaitingApproval, Step: a.Step, Since: a.Created, Until: &a.Expires, Text: a.Prompt})
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	w := Waiting{Kind: WaitingEngine, Since: v.Workflow.Updated, Text: "the engine goes on, or waits before it tries a step again"}
	_, err := s.Engine.Describe(ctx, v.Workflow.Flow, v.Workflow.ID)
	if errors.Is(err, port.ErrNotFound) {
		w.Kind, w.Text, err = WaitingStart, "it is recorded and not started yet: ask for the start again, or wait for the checker", nil
	}
	return []Waiting{w}, err
}

// Summary is a workflow in a list.
type Summary struct {
	ID      string      `json:"id"`
	Flow    string      `json:"flow"`
	Status  flow.Status `json:"status"`
	Created time.Time   `json:"created"`
	Updated time.Time   `json:"updated"`
	Ended   *time.Time  `json:"ended,omitempty"`
	Error   string      `json:"error,omitempty"`
}

// ListRequest says which workflows to list.
type ListRequest struct {
	// Status is how they stand. Default: running.
	Status flow.Status `json:"status"`
	// Limit is how many at most, from 1 to 100. Default: 20.
	Limit int `json:"limit"`
	// Cursor is Next of the list before. Default: from the newest.
	Cursor string `json:"cursor"`
}

const (
	defaultLimit = 20
	maxLimit     = 100
)

// List lists workflows by their status, the newest first. It may lag behind a little.
func (s *Service) List(ctx context.Context, r ListRequest) (workflows []Summary, next string, err error) {
	if r.Status == "" {
		r.Status = flow.Running
	}
	if r.Limit == 0 {
		r.Limit = defaultLimit
	}
	statuses := []flow.Status{flow.Running, flow.Succeeded, flow.Failed, flow.TimedOut, flow.Cancelled}
	var problems []error
	if !slices.Contains(statuses, r.Status) {
		problems = append(problems, fmt.Errorf("status: must be one of %v, got %q", statuses, short(string(r.Status))))
	}
	if r.Limit < 1 || r.Limit > maxLimit {
		problems = append(problems, fmt.Errorf("limit: must be from 1 to %d, got %d", maxLimit, r.Limit))
	}
	if err := invalid(problems...); err != nil {
		return nil, "", err
	}
	list, err := s.Store.Workflows(ctx, r.Status, r.Limit, r.Cursor)
	if errors.Is(err, port.ErrInvalidCursor) {
		return nil, "", invalid(errors.New("cursor: must be next of a list with the same status"))
	}
	workflows = []Summary{}
	for _, w := range list.Workflows {
		workflows = append(workflows, Summary{
			ID: w.ID, Flow: w.Flow, Status: w.Status, Created: w.Created, Updated: w.Updated, Ended: w.Ended, Error: w.Error,
		})
	}
	return workflows, list.Next, err
}
