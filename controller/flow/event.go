package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// EventKind says what happened.
type EventKind string

// The kinds. Histories hold them: rename none.
const (
	Started         EventKind = "started"          // Workflow, Input
	TaskSucceeded   EventKind = "task_succeeded"   // Step, Index, Attempt, Output
	TaskFailed      EventKind = "task_failed"      // Step, Index, Attempt, Error, Cause
	TaskHeartbeat   EventKind = "task_heartbeat"   // Step, Index, Attempt
	ApprovalDecided EventKind = "approval_decided" // Step, Outcome, By, Comment
	CancelRequested EventKind = "cancel_requested" //
	Clock           EventKind = "clock"            // it is At now
	// Resumed is for an engine that was down: its tasks get their time anew, and the commands
	// that they need come again. Approvals and waits go by the calendar all the same.
	Resumed EventKind = "resumed"
)

// Event is something that happened to a workflow. Whatever the kind, the
// deadlines before At have passed by then.
type Event struct {
	Kind     EventKind       `json:"kind"`
	At       time.Time       `json:"at"`
	Workflow string          `json:"workflow,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"` // from PrepareInput
	Step     string          `json:"step,omitempty"`
	Index    int             `json:"index,omitempty"`
	Attempt  int             `json:"attempt,omitempty"`
	Output   *task.Body      `json:"output,omitempty"`
	Error    string          `json:"error,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Outcome  task.Outcome    `json:"outcome,omitempty"` // approved or rejected
	By       string          `json:"by,omitempty"`
	Comment  string          `json:"comment,omitempty"`
}

// CommandKind says what an engine has to do.
type CommandKind string

// The kinds. A command may come again, and doing it twice must do no harm.
const (
	StartTask     CommandKind = "start_task"     // Order, whose token is the engine's to add
	StopTask      CommandKind = "stop_task"      // Task: nobody waits for it any more
	AskApproval   CommandKind = "ask_approval"   // Approval, whose token is the engine's to add
	CloseApproval CommandKind = "close_approval" // Step: there is nothing to decide any more
	Drop          CommandKind = "drop"           // Reason: the event changes nothing, count it
)

// Reason says why an event was dropped.
type Reason string

// The reasons.
const (
	Again    Reason = "again"    // the workflow has started already
	Closed   Reason = "closed"   // that attempt is over, or never was
	Decided  Reason = "decided"  // the approval has an outcome: State.Decision
	Finished Reason = "finished" // the workflow has ended
)

// TaskRef names one attempt at a task.
type TaskRef struct {
	Step    string `json:"step"`
	Index   int    `json:"index"`
	Attempt int    `json:"attempt"`
}

// Command is something to do, after the state that came with it is stored.
type Command struct {
	Kind     CommandKind           `json:"kind"`
	Order    *task.Order           `json:"order,omitempty"`
	Approval *task.ApprovalRequest `json:"approval,omitempty"`
	Task     *TaskRef              `json:"task,omitempty"`
	Step     string                `json:"step,omitempty"`
	Reason   Reason                `json:"reason,omitempty"`
}

// What Step refuses, see the package's documentation.
var (
	ErrOtherWorkflow = errors.New("the state belongs to another workflow, or to another version of it")
	ErrInvalidEvent  = errors.New("invalid event")
)

func (e Event) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w %s: %w", ErrInvalidEvent, e.Kind, fmt.Errorf(format, args...))
	}
	if e.At.IsZero() {
		return bad("at must be set")
	}
	switch e.Kind {
	case TaskHeartbeat, CancelRequested, Clock, Resumed:
	case Started:
		if err := task.CheckWorkflowID(e.Workflow); err != nil {
			return bad("%w", err)
		}
		var input map[string]json.RawMessage
		if json.Unmarshal(e.Input, &input) != nil || input == nil {
			return bad("input must be an object")
		}
	case TaskSucceeded:
		if e.Output == nil {
			return bad("output must be set")
		}
		if err := e.Output.Check(); err != nil {
			return bad("output: %w", err)
		}
	case TaskFailed:
		if err := task.CheckErrorName(e.Error); err != nil {
			return bad("%w", err)
		}
	case ApprovalDecided:
		// Expiry is for the clock to say.
		if e.Outcome != task.OutcomeApproved && e.Outcome != task.OutcomeRejected {
			return bad("outcome must be approved or rejected, got %q", e.Outcome)
		}
		if _, err := e.decision("workflow", e.At).Encode(); err != nil {
			return bad("%w", err)
		}
	default:
		return bad("is no kind of event")
	}
	return nil
}

func (e Event) decision(workflow string, at time.Time) task.Decision {
	return task.Decision{Workflow: workflow, Step: e.Step, Decision: e.Outcome, By: e.By, Comment: e.Comment, At: at.UTC()}
}
