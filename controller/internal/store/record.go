package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

// Workflow is the record of one run of a workflow.
type Workflow struct {
	ID      string          `json:"id"`
	Flow    string          `json:"flow"`
	Status  flow.Status     `json:"status"`
	Input   json.RawMessage `json:"input"` // from flow.Workflow.PrepareInput
	Created time.Time       `json:"created"`
	Updated time.Time       `json:"updated"`
	Ended   *time.Time      `json:"ended,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Error   string          `json:"error,omitempty"`
	Cause   string          `json:"cause,omitempty"`
}

// TaskStatus is how a task's attempt stands. Stored: rename none.
type TaskStatus string

// The statuses.
const (
	TaskOpen     TaskStatus = "open"     // recorded, perhaps running, no answer yet
	TaskAnswered TaskStatus = "answered" // has its answer, which the engine has not got yet, as far as we know
	TaskClosed   TaskStatus = "closed"   // the engine has the answer, or does not want one
)

// Task is the record of one attempt at a task.
type Task struct {
	ID      task.ID    `json:"id"`
	Spec    task.Spec  `json:"spec"`
	Status  TaskStatus `json:"status"`
	Token   Secret     `json:"token"`
	Created time.Time  `json:"created"`
	// Deadline is when the engine gives the attempt up.
	Deadline time.Time `json:"deadline"`
	// Run is the container's or process's name, empty until it was started.
	Run      string     `json:"run,omitempty"`
	Started  *time.Time `json:"started,omitempty"`
	Heard    *time.Time `json:"heard,omitempty"` // the last heartbeat
	Answer   *Answer    `json:"answer,omitempty"`
	Answered *time.Time `json:"answered,omitempty"`
	// Dropped says that the engine did not want the answer.
	Dropped bool `json:"dropped,omitempty"`
}

// Answer is a task's result or failure.
type Answer struct {
	Output *task.Body `json:"output,omitempty"` // of a result
	Error  string     `json:"error,omitempty"`  // of a failure
	Cause  string     `json:"cause,omitempty"`
	Usage  task.Usage `json:"usage"`
}

// Approval is the record of a decision that a person has to take.
type Approval struct {
	Request  task.ApprovalRequest `json:"-"` // without its token
	Token    Secret               `json:"token"`
	Created  time.Time            `json:"created"`
	Expires  time.Time            `json:"expires"`
	Decision *task.Decision       `json:"decision,omitempty"`
	// Delivered says that the engine has the decision, or does not want one.
	Delivered bool `json:"delivered,omitempty"`
}

// Secret is a task token in a record. Neither printed nor encoded is it spelled
// out: a record may end up in a log whole.
type Secret struct{ task.Token }

// MarshalJSON encodes that there is one.
func (s Secret) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("[%d characters]", len(s.Token)))
}
