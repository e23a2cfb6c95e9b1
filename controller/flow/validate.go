package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/controller/task"
)

// Limits of Step Functions.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const (
	maxDefinition  = 1 << 20
	maxConcurrency = 40 // an inline map runs no more at once
	maxInterval    = 99999999
	maxDelay       = 31622400 - 1

	// maxData is for the results of a workflow: 256 KiB without what a failure's
	// cause may take and without the message around a task's input. Going over it ends an
	// execution in a way that no step can catch.
	maxData = 256*1024 - task.MaxCause - 4*1024
	// maxDecision is what an approval's result may take, escapes included.
	maxDecision = 2 * task.MaxInline

	maxText        = 1024
	maxInputFields = 32
)

// reserved are roots of a Ref, and the beginning of the states that belong to no step.
var reserved = []string{rootInput, rootItem, rootWorkflow}

// Problem is one thing that is wrong with a workflow.
type Problem struct {
	Field   string // the step and its field, such as research.MaxConcurrency
	Message string
}

func (p *Problem) Error() string { return p.Field + ": " + p.Message }

// Validate returns everything that is wrong with the workflow, in the order of
// its fields and steps, each a *Problem, or nil.
func (w Workflow) Validate() error {
	v := &validator{flow: w, steps: map[string]Step{}}
	v.workflow()
	for i, step := range w.Steps {
		v.step(i, step)
	}
	v.graph()
	v.size()
	return errors.Join(v.problems...)
}

type validator struct {
	flow     Workflow
	steps    map[string]Step // the first of each name
	path     string          // the step that is looked at
	problems []error
}

func (v *validator) fail(field, format string, args ...any) {
	if v.path != "" && field != "" {
		field = "." + field
	}
	v.problems = append(v.problems, &Problem{Field: v.path + field, Message: fmt.Sprintf(format, args...)})
}

func (v *validator) between(field string, value, lowest, highest int) {
	if value < lowest || value > highest {
		v.fail(field, "must be from %d to %d, got %d", lowest, highest, value)
	}
}

// text is for words that end up in the definition, which Terraform reads as a template.
func (v *validator) text(field, value string) {
	if len(value) > maxText {
		v.fail(field, "must have at most %d bytes, got %d", maxText, len(value))
	}
	if strings.Contains(value, "${") || strings.Contains(value, "%{") {
		v.fail(field, "must not contain ${ or %%{, which Terraform would replace")
	}
}

// name reports the message of a check of package task, whose field is not ours.
func (v *validator) name(field string, err error) {
	if coded, ok := errors.AsType[*task.Error](err); ok {
		v.fail(field, "%s", coded.Message)
	}
}

func (v *validator) workflow() {
	// The same letters as an agent's: it becomes part of the names of resources.
	v.name("Name", task.CheckAgent(v.flow.Name))
	v.text("Comment", v.flow.Comment)
	if len(v.flow.Inputs) > maxInputFields {
		v.fail("Inputs", "must be at most %d, got %d", maxInputFields, len(v.flow.Inputs))
	}
	for i, in := range v.flow.Inputs {
		v.input(i, in)
	}
	v.between("Timeout", int(v.flow.Timeout), 0, task.MaxSeconds)
	if len(v.flow.Steps) == 0 {
		v.fail("Steps", "must have at least one")
	}
	for _, step := range v.flow.Steps {
		if _, twice := v.steps[step.Name]; !twice {
			v.steps[step.Name] = step
		}
	}
}

func (v *validator) input(i int, in Input) {
	field := at("Inputs", i)
	v.name(field+".Name", task.CheckInput(in.Name))
	if slices.IndexFunc(v.flow.Inputs, func(other Input) bool { return other.Name == in.Name }) < i {
		v.fail(field+".Name", "must not be given twice, got %q", in.Name)
	}
	switch in.Type {
	case String, Boolean, Array:
	case Integer:
		if in.Max == 0 {
			v.fail(field+".Max", "must be set for an integer")
		}
	default:
		v.fail(field+".Type", "must be one of %v, got %q", []Type{String, Boolean, Integer, Array}, in.Type)
		return
	}
	if in.Type != Integer && in.Min < 0 || in.Max < in.Min && in.Max != 0 {
		v.fail(field+".Min", "must be from 0 to Max, got %d to %d", in.Min, in.Max)
	}
	if in.Default == nil {
		return
	}
	if problem := in.check(in.Default); problem != "" {
		v.fail(field+".Default", "%s", problem)
	}
}

func (v *validator) step(i int, s Step) {
	v.path = s.Name
	defer func() { v.path = "" }()
	if err := task.CheckStep(s.Name); err != nil {
		v.path = at("Steps", i)
		v.name("Name", err)
	}
	if slices.Contains(reserved, s.Name) {
		v.fail("", "must not be one of the reserved names %v", reserved)
	}
	if first := slices.IndexFunc(v.flow.Steps, func(other Step) bool { return other.Name == s.Name }); first < i {
		v.fail("", "must be the name of one step, got steps %d and %d", first, i)
	}
	kinds := 0
	for _, set := range []bool{s.Agent != nil, s.Map != nil, s.Choice != nil, s.Approval != nil, s.Wait != nil, s.Succeed != nil, s.Fail != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		v.fail("", "must have exactly one of Agent, Map, Choice, Approval, Wait, Succeed and Fail, got %d", kinds)
		return
	}
	v.kind(s)
	for _, t := range s.transitions() {
		if _, ok := v.steps[t.next]; !ok {
			v.fail(t.field, "must be a step, got %q", t.next)
		}
	}
	s.refs(func(field string, ref Ref) { v.ref(s, field, ref) })
}

func (v *validator) kind(s Step) {
	switch {
	case s.Agent != nil:
		v.task("", s.Agent.Task)
	case s.Map != nil:
		v.between("MaxItems", s.Map.MaxItems, 1, task.MaxList)
		v.between("MaxConcurrency", s.Map.MaxConcurrency, 1, maxConcurrency)
		v.task("Task.", s.Map.Task)
	case s.Choice != nil:
		if len(s.Choice.Rules) == 0 {
			v.fail("Rules", "must have at least one")
		}
		for i, rule := range s.Choice.Rules {
			v.rule(at("Rules", i), rule)
		}
	case s.Approval != nil:
		if strings.TrimSpace(s.Approval.Prompt) == "" {
			v.fail("Prompt", "must be set")
		}
		v.text("Prompt", s.Approval.Prompt)
		v.inputs("", s.Approval.Input)
		v.between("Timeout", int(s.Approval.Timeout), 1, task.MaxSeconds)
	case s.Wait != nil:
		v.between("Seconds", int(s.Wait.Seconds), 1, task.MaxSeconds)
	case s.Fail != nil:
		v.name("Error", task.CheckErrorName(s.Fail.Error))
		v.text("Cause", s.Fail.Cause)
	}
}

func (v *validator) rule(field string, rule Rule) {
	kind := Type("")
	switch is := rule.Is.(type) {
	case bool:
		kind = Boolean
	case string:
		kind = String
		v.text(field+".Is", is)
	default:
		v.fail(field+".Is", "must be a string or a bool, got %T", rule.Is)
		return
	}
	if in, ok := v.inputOf(rule.If); ok && in.Type != kind {
		v.fail(field+".Is", "must be of the type of %s, a %s, got %v", rule.If, in.Type, rule.Is)
	}
}

func (v *validator) task(prefix string, t Task) {
	if !slices.Contains(Agents(), t.Agent) {
		v.fail(prefix+"Agent", "must be one of %v, got %q", Agents(), t.Agent)
	}
	v.inputs(prefix, t.Input)
	v.between(prefix+"Timeout", int(t.Timeout), 1, task.MaxSeconds)
	if t.Heartbeat < 0 || t.Heartbeat > 0 && t.Heartbeat >= t.Timeout {
		v.fail(prefix+"Heartbeat", "must be 0 or less than Timeout, got %d of %d", t.Heartbeat, t.Timeout)
	}
	v.retry(prefix+"Retry.", t.Retry)
	if t.InlineLimit != 0 {
		v.between(prefix+"InlineLimit", t.InlineLimit, 1, task.MaxInline)
	}
}

func (v *validator) inputs(prefix string, input map[string]Ref) {
	if len(input) > maxInputFields {
		v.fail(prefix+"Input", "must be at most %d, got %d", maxInputFields, len(input))
	}
	for _, name := range sortedKeys(input) {
		v.name(prefix+"Input."+name, task.CheckInput(name))
	}
}

func (v *validator) retry(prefix string, r Retry) {
	v.between(prefix+"MaxAttempts", r.MaxAttempts, 0, task.MaxAttempt)
	if r.MaxAttempts == 0 {
		if r.Interval != 0 || r.BackoffRate != 0 || r.MaxDelay != 0 || len(r.Never) > 0 {
			v.fail(prefix+"MaxAttempts", "must be set with the other fields of Retry")
		}
		return
	}
	v.between(prefix+"Interval", int(r.Interval), 1, maxInterval)
	if !(r.BackoffRate >= 1) || math.IsInf(r.BackoffRate, 0) {
		v.fail(prefix+"BackoffRate", "must be at least 1, got %g", r.BackoffRate)
	}
	if r.MaxDelay != 0 && (r.MaxDelay <= r.Interval || r.MaxDelay > maxDelay) {
		v.fail(prefix+"MaxDelay", "must be more than Interval and at most %d, got %d", maxDelay, r.MaxDelay)
	}
	for i, name := range r.Never {
		// Also refuses States.ALL and what else Step Functions decides by.
		v.name(at(prefix+"Never", i), task.CheckErrorName(name))
	}
}
