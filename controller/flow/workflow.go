package flow

import "github.com/aegis-agents/aegis/controller/task"

// Agent is the name of an agent.
type Agent string

// The agents.
const (
	Coordinator Agent = "coordinator"
	Research    Agent = "research"
	Analyst     Agent = "analyst"
	Execution   Agent = "execution"
)

// Agents lists all agents.
func Agents() []Agent { return []Agent{Coordinator, Research, Analyst, Execution} }

// Seconds is a length of time. Step Functions counts in whole seconds.
type Seconds int

// Longer times in seconds.
const (
	Second Seconds = 1
	Minute         = 60 * Second
	Hour           = 60 * Minute
	Day            = 24 * Hour
)

// Workflow is a workflow. Its first step is where it begins.
type Workflow struct {
	Name    string  `json:"name"`    // lower-case letters, digits and -, at most 64
	Comment string  `json:"comment"` // what it is for, in a sentence
	Inputs  []Input `json:"inputs"`
	// Timeout ends the whole workflow. Default: 0, none but Step Functions' year.
	Timeout Seconds `json:"timeout_seconds"`
	Steps   []Step  `json:"steps"`
}

// Step is one step. Exactly one of the pointers is set.
type Step struct {
	Name     string    `json:"name"` // see task.CheckStep; input, item and workflow are reserved
	Agent    *Run      `json:"agent,omitempty"`
	Map      *Map      `json:"map,omitempty"`
	Choice   *Choice   `json:"choice,omitempty"`
	Approval *Approval `json:"approval,omitempty"`
	Wait     *Wait     `json:"wait,omitempty"`
	Succeed  *Succeed  `json:"succeed,omitempty"`
	Fail     *Fail     `json:"fail,omitempty"`
}

// Task is a task for an agent. When its retries are used up, the workflow fails
// with its error.
type Task struct {
	Agent Agent          `json:"agent"`
	Input map[string]Ref `json:"input"`
	// Timeout is for one attempt, from 1 second to a year. Required.
	Timeout Seconds `json:"timeout_seconds"`
	// Heartbeat fails an attempt that was silent for so long; less than Timeout. Default: 0, none.
	Heartbeat Seconds `json:"heartbeat_seconds"`
	Retry     Retry   `json:"retry"`
	// InlineLimit is how many bytes of the result stay in the workflow's
	// document, which has 256 KiB in all. Default: 8192, the most.
	InlineLimit int `json:"inline_limit,omitempty"`
}

// Run is a step that is one task.
type Run struct {
	Task

	Next string `json:"next"`
}

// Map is a step with a task for every item of a list. Its result is the list of
// theirs. The first task to fail for good stops the others and fails the workflow.
type Map struct {
	// Over is the list: a field of an agent's result, or an input.
	Over Ref `json:"over"`
	// MaxItems is the longest list; a longer one fails the workflow, from 1 to 1000.
	MaxItems int `json:"max_items"`
	// MaxConcurrency is how many tasks run at once, from 1 to 40.
	MaxConcurrency int    `json:"max_concurrency"`
	Task           Task   `json:"task"` // may refer to item
	Next           string `json:"next"`
}

// Choice is a step that goes on with the first rule that holds.
type Choice struct {
	Rules   []Rule `json:"rules"`
	Default string `json:"default"` // where to go when none holds
}

// Rule holds when the value is there and equal.
type Rule struct {
	If   Ref    `json:"if"`
	Is   any    `json:"is"` // a string or a bool
	Next string `json:"next"`
}

// Approval is a step that waits for a person. Its result is a task.Decision.
type Approval struct {
	Prompt string         `json:"prompt"`
	Input  map[string]Ref `json:"input"` // what there is to decide about
	// Timeout is after how long it expires. Required.
	Timeout Seconds `json:"timeout_seconds"`
	// Where to go with each outcome. All required: no outcome goes unnoticed.
	Approved string `json:"approved"`
	Rejected string `json:"rejected"`
	Expired  string `json:"expired"`
}

// Wait is a step that waits.
type Wait struct {
	Seconds Seconds `json:"seconds"`
	Next    string  `json:"next"`
}

// Succeed ends the workflow with success.
type Succeed struct {
	// Output is the workflow's output. Default: the results of all steps.
	Output Ref `json:"output,omitempty"`
}

// Fail ends the workflow with a failure.
type Fail struct {
	Error string `json:"error"` // a name such as Approval.Rejected
	Cause string `json:"cause"`
}

// transition is where a step can go, and which field says so.
type transition struct{ field, next string }

func (s Step) transitions() []transition {
	switch {
	case s.Agent != nil:
		return []transition{{"Next", s.Agent.Next}}
	case s.Map != nil:
		return []transition{{"Next", s.Map.Next}}
	case s.Choice != nil:
		out := make([]transition, 0, len(s.Choice.Rules)+1)
		for i, rule := range s.Choice.Rules {
			out = append(out, transition{at("Rules", i) + ".Next", rule.Next})
		}
		return append(out, transition{"Default", s.Choice.Default})
	case s.Approval != nil:
		return []transition{{"Approved", s.Approval.Approved}, {"Rejected", s.Approval.Rejected}, {"Expired", s.Approval.Expired}}
	case s.Wait != nil:
		return []transition{{"Next", s.Wait.Next}}
	}
	return nil
}

// task returns the step's task, or nil when it has none.
func (s Step) task() *Task {
	switch {
	case s.Agent != nil:
		return &s.Agent.Task
	case s.Map != nil:
		return &s.Map.Task
	}
	return nil
}

// hasResult is whether the step leaves a result.
func (s Step) hasResult() bool { return s.task() != nil || s.Approval != nil }

func (t Task) inlineLimit() int {
	if t.InlineLimit == 0 {
		return task.MaxInline
	}
	return t.InlineLimit
}

// refs calls visit with every Ref of the step, and the field that it is in.
func (s Step) refs(visit func(field string, ref Ref)) {
	inputs := func(prefix string, input map[string]Ref) {
		for _, name := range sortedKeys(input) {
			visit(prefix+"Input."+name, input[name])
		}
	}
	switch {
	case s.Agent != nil:
		inputs("", s.Agent.Input)
	case s.Map != nil:
		visit("Over", s.Map.Over)
		inputs("Task.", s.Map.Task.Input)
	case s.Choice != nil:
		for i, rule := range s.Choice.Rules {
			visit(at("Rules", i)+".If", rule.If)
		}
	case s.Approval != nil:
		inputs("", s.Approval.Input)
	case s.Succeed != nil && s.Succeed.Output != "":
		visit("Output", s.Succeed.Output)
	}
}

// readByField is whether any step reads a field of the named step's result.
func (w Workflow) readByField(name string) bool {
	found := false
	for _, step := range w.Steps {
		step.refs(func(_ string, ref Ref) {
			root, path := ref.split()
			found = found || root == name && len(path) > 0
		})
	}
	return found
}
