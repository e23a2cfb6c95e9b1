package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// Status says how a workflow stands.
type Status string

// The statuses, in the words of Step Functions' API in lower case.
const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	TimedOut  Status = "timed_out"
	Cancelled Status = "cancelled"
)

// State is all that the machine knows of one workflow. Its zero value is a
// workflow that has not started. It holds no token and no key.
type State struct {
	Flow   string `json:"flow"`   // the workflow's name
	Digest string `json:"digest"` // of the workflow that the state belongs to
	// Workflow is this run's id.
	Workflow string               `json:"workflow"`
	Status   Status               `json:"status"`
	Input    json.RawMessage      `json:"input"`
	Results  map[string]task.Body `json:"results"`
	// Deadline is that of the whole workflow, if it has one.
	Deadline *time.Time `json:"deadline,omitempty"`

	Step  string      `json:"step"`            // where the workflow is, or ended
	Tasks []TaskState `json:"tasks,omitempty"` // of the step, by index
	Due   *time.Time  `json:"due,omitempty"`   // when a wait ends, or an approval expires

	// What a workflow ended with. A failure has an error.
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"`
	Cause  string          `json:"cause,omitempty"`
}

// Phase says how a task stands.
type Phase string

// The phases.
const (
	TaskWaiting Phase = "waiting" // for its turn in a map
	TaskRunning Phase = "running"
	TaskBackoff Phase = "backoff" // the next attempt starts when it is due
	TaskDone    Phase = "done"
)

// TaskState is one task of the step that a workflow is at.
type TaskState struct {
	Phase   Phase      `json:"phase"`
	Attempt int        `json:"attempt"`
	Due     *time.Time `json:"due,omitempty"`       // the attempt's timeout, or the end of the backoff
	Silent  *time.Time `json:"silent_at,omitempty"` // when its heartbeats are overdue
	Result  *task.Body `json:"result,omitempty"`
}

// Done is whether the workflow has ended.
func (s State) Done() bool { return s.Status != "" && s.Status != Running }

// Decision returns the outcome of an approval, if there is one.
func (s State) Decision(step string) (task.Decision, bool) {
	decision, err := task.DecodeDecision(s.Results[step].Inline)
	return decision, err == nil
}

// Wake returns when the machine must be given a Clock event, unless another comes before.
func (s State) Wake() (at time.Time, ok bool) {
	if s.Done() {
		return time.Time{}, false
	}
	earliest := func(t *time.Time) {
		if t != nil && (!ok || t.Before(at)) {
			at, ok = *t, true
		}
	}
	earliest(s.Deadline)
	earliest(s.Due)
	for _, t := range s.Tasks {
		earliest(t.Due)
		earliest(t.Silent)
	}
	return at, ok
}

// Encode returns the state as JSON. json.Marshal would make bodies longer than they may be.
func (s State) Encode() ([]byte, error) { return encodeJSON(s) }

// DecodeState reads what Encode has written, and refuses anything it has not.
func DecodeState(data []byte) (State, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var s State
	if err := dec.Decode(&s); err != nil {
		return State{}, fmt.Errorf("reading the state of a workflow: %w", err)
	}
	return s, nil
}

// clone copies what the machine changes. Bodies and times are never changed.
func (s State) clone() State {
	s.Results = maps.Clone(s.Results)
	s.Tasks = slices.Clone(s.Tasks)
	return s
}
