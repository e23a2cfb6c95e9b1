package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aegis-agents/aegis/controller/task"
)

// Resources are the names that a definition needs. They may be tokens of
// Terraform and are embedded as they are.
type Resources struct {
	Partition    string // of the service integration's ARN, such as aws
	TaskQueueURL string // where orders and approval requests go
}

// Names of what belongs to no step. No step's name has a -.
const (
	rootWorkflow       = "workflow"
	stateInput         = "workflow-input"
	stateFailure       = "workflow-failure"
	stateFailed        = "workflow-failed"
	stateFailedNoCause = "workflow-failed-without-cause"

	suffixCount     = "-count"
	suffixLimit     = "-limit"
	suffixTooMany   = "-too-many"
	suffixItem      = "-item"
	suffixDecision  = "-decision"
	suffixExpired   = "-expired"
	suffixUndecided = "-undecided"
)

// Errors that the workflow itself fails with, in both engines.
const (
	ErrorTooManyItems = "Flow.TooManyItems"   // a list has more items than its map takes
	ErrorNoOutcome    = "Flow.UnknownOutcome" // an approval was answered with no outcome
	// errorRuntime is what Step Functions says when a path leads nowhere. No step catches it.
	errorRuntime          = "States.Runtime"
	errorTimeout          = "States.Timeout"
	errorHeartbeatTimeout = "States.HeartbeatTimeout"
)

// sendAttempts is how often sending an approval request is tried again.
const sendAttempts = 5

// Render returns the workflow as the definition of a Standard state machine in Amazon
// States Language: the same bytes for the same workflow and names.
//
// It is written in JSONPath and not in JSONata: all that a workflow can refer to is a
// path, so that nothing would be shorter as an expression, the Machine needs no
// expression language to do the same, and the validators and emulators at hand know it.
func Render(w Workflow, names Resources) ([]byte, error) {
	err := errors.Join(w.Validate(), checkName("Partition", names.Partition), checkName("TaskQueueURL", names.TaskQueueURL))
	if err != nil {
		return nil, err
	}
	out, err := render(w, names)
	if err == nil && len(out) > maxDefinition {
		err = &Problem{Field: "Steps", Message: fmt.Sprintf("must have a definition of at most %d bytes, got %d", maxDefinition, len(out))}
	}
	return out, err
}

// checkName refuses what JSON would have to escape: a token must stay what it is.
func checkName(field, value string) error {
	if value == "" {
		return &Problem{Field: field, Message: "must be set"}
	}
	if strings.ContainsAny(value, "\"\\\u2028\u2029") || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		return &Problem{Field: field, Message: "must have no quotes, backslashes and control characters"}
	}
	return nil
}

func render(w Workflow, names Resources) ([]byte, error) {
	r := &renderer{flow: w, names: names, states: map[string]aslState{}, entries: map[string]string{}}
	for _, step := range w.Steps {
		r.entries[step.Name] = step.Name
		if step.Map != nil {
			r.entries[step.Name] = step.Name + suffixCount
		}
	}
	r.states[stateInput] = aslState{
		Type:       "Pass",
		Parameters: map[string]any{"input.$": "$", "results": map[string]any{}},
		Next:       r.entries[w.Steps[0].Name],
	}
	for _, step := range w.Steps {
		r.step(step)
	}
	definition, err := encodeJSON(aslMachine{
		Comment: w.Comment, QueryLanguage: "JSONPath", StartAt: stateInput, TimeoutSeconds: w.Timeout, States: r.states,
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, definition, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

type renderer struct {
	flow    Workflow
	names   Resources
	states  map[string]aslState
	entries map[string]string // the state that a step begins with
}

func (r *renderer) step(s Step) {
	switch {
	case s.Agent != nil:
		state := r.task(s, s.Agent.Task, 0, template(s.Agent.Input))
		state.Catch = []aslCatcher{r.failure()}
		state.ResultPath = "$.results." + s.Name
		state.Next = r.entries[s.Agent.Next]
		r.states[s.Name] = state
	case s.Map != nil:
		r.mapStep(s)
	case s.Choice != nil:
		r.choice(s)
	case s.Approval != nil:
		r.approval(s)
	case s.Wait != nil:
		r.states[s.Name] = aslState{Type: "Wait", Seconds: s.Wait.Seconds, Next: r.entries[s.Wait.Next]}
	case s.Succeed != nil:
		path := "$.results"
		if s.Succeed.Output != "" {
			path = s.Succeed.Output.jsonPath()
		}
		r.states[s.Name] = aslState{Type: "Succeed", OutputPath: path}
	case s.Fail != nil:
		r.states[s.Name] = aslState{Type: "Fail", Error: s.Fail.Error, Cause: s.Fail.Cause}
	}
}

// send is a state that sends a message with a task token, and waits for its answer.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
func (r *renderer) send(kind task.Kind, step string, message map[string]any) aslState {
	message["version"], message["kind"], message["step"] = task.Version, kind, step
	put(message, "workflow", path("$$.Execution.Name"))
	put(message, "attempt", path("$$.State.RetryCount"))
	put(message, "token", path("$$.Task.Token"))
	return aslState{
		Type:       "Task",
		Resource:   "arn:" + r.names.Partition + ":states:::sqs:sendMessage.waitForTaskToken",
		Parameters: map[string]any{"QueueUrl": r.names.TaskQueueURL, "MessageBody": message},
	}
}

// task is a task.Order, field by field.
func (r *renderer) task(s Step, t Task, index, input any) aslState {
	message := map[string]any{
		"agent": t.Agent, "timeout_seconds": t.Timeout, "heartbeat_seconds": t.Heartbeat,
		"inline_limit": t.inlineLimit(), "inline_only": r.flow.readByField(s.Name),
	}
	put(message, "index", index)
	put(message, "input", input)
	state := r.send(task.KindOrder, s.Name, message)
	state.TimeoutSeconds, state.HeartbeatSeconds = t.Timeout, t.Heartbeat
	if t.Retry.MaxAttempts > 0 {
		if len(t.Retry.Never) > 0 {
			state.Retry = append(state.Retry, aslRetrier{ErrorEquals: t.Retry.Never})
		}
		state.Retry = append(state.Retry, aslRetrier{
			ErrorEquals: []string{"States.ALL"}, IntervalSeconds: t.Retry.Interval, MaxAttempts: t.Retry.MaxAttempts,
			BackoffRate: t.Retry.BackoffRate, MaxDelaySeconds: t.Retry.MaxDelay, JitterStrategy: "FULL",
		})
	}
	return state
}

// mapStep counts the items first: a map state has no limit of its own for them.
func (r *renderer) mapStep(s Step) {
	m, over := s.Map, s.Map.Over.jsonPath()
	r.states[s.Name+suffixCount] = aslState{
		Type:       "Pass",
		Parameters: map[string]any{"items.$": "States.ArrayLength(" + over + ")"},
		ResultPath: "$.count",
		Next:       s.Name + suffixLimit,
	}
	r.states[s.Name+suffixLimit] = aslState{
		Type:    "Choice",
		Choices: []aslRule{{Variable: "$.count.items", NumericLessThanEquals: &m.MaxItems, Next: s.Name}},
		Default: s.Name + suffixTooMany,
	}
	r.states[s.Name+suffixTooMany] = aslState{Type: "Fail", Error: ErrorTooManyItems, Cause: tooMany(s)}
	// The selector makes all of an item's input: items do not carry the document.
	item := r.task(s, m.Task, path("$.index"), path("$.input"))
	item.End = true
	r.states[s.Name] = aslState{
		Type: "Map", ItemsPath: over, MaxConcurrency: m.MaxConcurrency,
		ItemSelector: map[string]any{"index.$": "$$.Map.Item.Index", "input": template(m.Task.Input)},
		ItemProcessor: &aslProcessor{
			ProcessorConfig: map[string]string{"Mode": "INLINE"},
			StartAt:         s.Name + suffixItem,
			States:          map[string]aslState{s.Name + suffixItem: item},
		},
		Catch:          []aslCatcher{r.failure()},
		ResultSelector: map[string]any{"list.$": "$"},
		ResultPath:     "$.results." + s.Name,
		Next:           r.entries[m.Next],
	}
}

func tooMany(s Step) string {
	return fmt.Sprintf("%s has more than %d items", s.Map.Over, s.Map.MaxItems)
}

func (r *renderer) choice(s Step) {
	state := aslState{Type: "Choice", Default: r.entries[s.Choice.Default]}
	for _, rule := range s.Choice.Rules {
		variable := rule.If.jsonPath()
		test := aslRule{Variable: variable}
		switch is := rule.Is.(type) {
		case bool:
			test.BooleanEquals = &is
		case string:
			test.StringEquals = &is
		}
		// A variable that is not there would end the execution.
		state.Choices = append(state.Choices, aslRule{
			And:  []aslRule{{Variable: variable, IsPresent: new(true)}, test},
			Next: r.entries[rule.Next],
		})
	}
	r.states[s.Name] = state
}

// approval is a task.ApprovalRequest, field by field, and a choice by its outcome.
// What it waits for is not retried, only the sending.
func (r *renderer) approval(s Step) {
	a, result := s.Approval, "$.results."+s.Name
	state := r.send(task.KindApprovalRequest, s.Name, map[string]any{
		"prompt": a.Prompt, "input": template(a.Input), "timeout_seconds": a.Timeout,
	})
	state.TimeoutSeconds = a.Timeout
	// All but States.Timeout, which is the expiry.
	state.Retry = []aslRetrier{{
		ErrorEquals: []string{"States.TaskFailed"}, IntervalSeconds: 1, MaxAttempts: sendAttempts, BackoffRate: 2, JitterStrategy: "FULL",
	}}
	state.Catch = []aslCatcher{{ErrorEquals: []string{errorTimeout}, Next: s.Name + suffixExpired}, r.failure()}
	state.ResultPath = result
	state.Next = s.Name + suffixDecision
	r.states[s.Name] = state

	outcome := func(is task.Outcome, next string) aslRule {
		return aslRule{Variable: result + ".inline.decision", StringEquals: new(string(is)), Next: r.entries[next]}
	}
	r.states[s.Name+suffixDecision] = aslState{
		Type:    "Choice",
		Choices: []aslRule{outcome(task.OutcomeApproved, a.Approved), outcome(task.OutcomeRejected, a.Rejected)},
		Default: s.Name + suffixUndecided,
	}
	r.states[s.Name+suffixUndecided] = aslState{Type: "Fail", Error: ErrorNoOutcome, Cause: "the answer is neither approved nor rejected"}
	r.states[s.Name+suffixExpired] = aslState{
		Type: "Pass",
		Parameters: map[string]any{"inline": map[string]any{
			"version": task.Version, "kind": task.KindDecision, "workflow.$": "$$.Execution.Name", "step": s.Name,
			"decision": task.OutcomeExpired, "by": "", "comment": "", "at.$": "$$.State.EnteredTime",
		}},
		ResultPath: result,
		Next:       r.entries[a.Expired],
	}
}

// failure leads to the end that fails with the error that was caught. It adds the states of
// that end, of which one is for an error without a cause.
func (r *renderer) failure() aslCatcher {
	r.states[stateFailure] = aslState{
		Type: "Choice",
		Choices: []aslRule{{
			And:  []aslRule{{Variable: "$.failure.Cause", IsPresent: new(true)}, {Variable: "$.failure.Cause", IsString: new(true)}},
			Next: stateFailed,
		}},
		Default: stateFailedNoCause,
	}
	r.states[stateFailed] = aslState{Type: "Fail", ErrorPath: "$.failure.Error", CausePath: "$.failure.Cause"}
	r.states[stateFailedNoCause] = aslState{Type: "Fail", ErrorPath: "$.failure.Error", Cause: "no cause was given"}
	return aslCatcher{ErrorEquals: []string{"States.ALL"}, ResultPath: new("$.failure"), Next: stateFailure}
}

// path is a value that is a path, in a template.
type path string

// put sets a field of a template; that of a path has another name.
func put(template map[string]any, name string, value any) {
	if p, ok := value.(path); ok {
		template[name+".$"] = p
		return
	}
	template[name] = value
}

// template makes bodies of the values that refs name: a whole result is one.
func template(input map[string]Ref) map[string]any {
	out := map[string]any{}
	for name, ref := range input {
		if ref.isWholeResult() {
			put(out, name, path(ref.jsonPath()))
			continue
		}
		out[name] = map[string]any{"inline.$": ref.jsonPath()}
	}
	return out
}
