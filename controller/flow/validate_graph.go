package flow

import (
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/controller/task"
)

// ref checks what a Ref names, but for whether that step has run by then.
func (v *validator) ref(s Step, field string, ref Ref) {
	root, path := ref.split()
	if !ref.wellFormed() {
		v.fail(field, "must be input, item or a step, then fields, with dots between, got %q", ref)
		return
	}
	producer, known := v.steps[root]
	switch {
	case root == rootItem:
		if s.Map == nil || field == "Over" {
			v.fail(field, "must not be item outside the task of a map, got %q", ref)
		}
		return
	case root == rootInput:
		v.inputRef(field, ref)
		return
	case !known || !producer.hasResult():
		v.fail(field, "must begin with input, item or a step that has a result, got %q", ref)
	case producer.Map != nil && len(path) > 0:
		v.fail(field, "must not name a field of the results of the map %s, got %q", root, ref)
	case producer.Approval != nil && len(path) > 0 && (len(path) > 1 || !slices.Contains([]string{"decision", "by", "comment", "at"}, path[0])):
		v.fail(field, "must name decision, by, comment or at of the approval %s, got %q", root, ref)
	case s.Choice != nil && len(path) == 0:
		v.fail(field, "must name a field of the result, got %q", ref)
	case field == "Over" && (producer.Agent == nil || len(path) == 0):
		v.fail(field, "must be a list: a field of an agent's result, or an input, got %q", ref)
	}
}

func (v *validator) inputRef(field string, ref Ref) {
	in, ok := v.inputOf(ref)
	switch {
	case !ok:
		v.fail(field, "must name one of the inputs, got %q", ref)
	case field == "Over" && in.Type != Array:
		v.fail(field, "must be a list: a field of an agent's result, or an input, got the %s %q", in.Type, ref)
	}
}

// inputOf returns the input that a Ref names.
func (v *validator) inputOf(ref Ref) (Input, bool) {
	root, path := ref.split()
	if root != rootInput || len(path) != 1 {
		return Input{}, false
	}
	i := slices.IndexFunc(v.flow.Inputs, func(in Input) bool { return in.Name == path[0] })
	if i < 0 {
		return Input{}, false
	}
	return v.flow.Inputs[i], true
}

// graph checks how the steps hang together.
func (v *validator) graph() {
	if len(v.flow.Steps) == 0 {
		return
	}
	start := v.flow.Steps[0].Name
	reached := v.reach(start)
	ends := false
	for _, step := range v.flow.Steps {
		if !reached[step.Name] {
			v.path = step.Name
			v.fail("", "must be reachable from the first step, %s", start)
			v.path = ""
		}
		ends = ends || reached[step.Name] && step.Succeed != nil
	}
	if !ends {
		v.fail("Steps", "must have a Succeed that is reachable from the first step, %s", start)
	}
	if cycles := v.cycles(start); len(cycles) > 0 {
		for _, cycle := range cycles {
			v.fail("Steps", "must have no cycle, got %s", strings.Join(cycle, " → "))
		}
		return // what has run before what is not defined
	}
	v.order(start)
}

func (v *validator) reach(start string) map[string]bool {
	reached := map[string]bool{}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		step, ok := v.steps[queue[0]]
		if !ok || reached[step.Name] {
			continue
		}
		reached[step.Name] = true
		for _, t := range step.transitions() {
			queue = append(queue, t.next)
		}
	}
	return reached
}

// cycles returns one cycle for every transition that leads back.
func (v *validator) cycles(start string) [][]string {
	var found [][]string
	done := map[string]bool{}
	var walk func(name string, path []string)
	walk = func(name string, path []string) {
		if i := slices.Index(path, name); i >= 0 {
			found = append(found, append(slices.Clone(path[i:]), name))
			return
		}
		if done[name] {
			return
		}
		for _, t := range v.steps[name].transitions() {
			walk(t.next, append(path, name))
		}
		done[name] = true
	}
	walk(start, nil)
	return found
}

// order checks that whatever a step refers to has run on every way to the step. A path
// that leads nowhere would end an execution in a way that no step can catch.
func (v *validator) order(start string) {
	// before[x] are the steps on all ways to x: those before each of its
	// predecessors, and the predecessor itself.
	before := map[string]map[string]bool{start: {}}
	for _, name := range v.sorted(start) {
		for _, t := range v.steps[name].transitions() {
			here := map[string]bool{name: true}
			for earlier := range before[name] {
				here[earlier] = true
			}
			if known, ok := before[t.next]; ok {
				for earlier := range known {
					if !here[earlier] {
						delete(known, earlier)
					}
				}
				continue
			}
			before[t.next] = here
		}
	}
	for _, step := range v.flow.Steps {
		ran, reached := before[step.Name]
		if !reached {
			continue
		}
		v.path = step.Name
		step.refs(func(field string, ref Ref) {
			root, _ := ref.split()
			if producer, ok := v.steps[root]; ok && producer.hasResult() && !ran[root] {
				v.fail(field, "must be the result of a step that has run on every way to %s, got %q", step.Name, ref)
			}
		})
		v.path = ""
	}
}

// sorted returns the steps that can be reached, each after all that lead to it.
func (v *validator) sorted(start string) []string {
	var out []string
	seen := map[string]bool{}
	var walk func(name string)
	walk = func(name string) {
		if _, ok := v.steps[name]; !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, t := range v.steps[name].transitions() {
			walk(t.next)
		}
		out = append(out, name)
	}
	walk(start)
	slices.Reverse(out)
	return out
}

// size checks what the document, a task's input and the definition can grow to.
func (v *validator) size() {
	document := task.MaxInline
	for _, step := range v.flow.Steps {
		document += v.resultSize(step.Name)
		inputs := 0
		step.refs(func(field string, ref Ref) {
			if strings.Contains(field, "Input.") {
				root, _ := ref.split()
				inputs += v.resultSize(root)
			}
		})
		if inputs > maxData {
			v.path = step.Name
			v.fail("Input", "must be at most %d bytes if all results are as long as they may be, got %d", maxData, inputs)
			v.path = ""
		}
	}
	if document > maxData {
		v.fail("Steps", "must have results of at most %d bytes if all are as long as they may be, got %d: lower MaxItems or InlineLimit", maxData, document)
	}
	if len(v.problems) > 0 {
		return
	}
	if definition, err := render(v.flow, Resources{}); err != nil {
		v.fail("Steps", "must render: %v", err)
	} else if len(definition) > maxDefinition {
		v.fail("Steps", "must have a definition of at most %d bytes, got %d", maxDefinition, len(definition))
	}
}

// resultSize is what a root of a Ref can take. A field takes less, or as much.
func (v *validator) resultSize(root string) int {
	step := v.steps[root]
	const around = 128 // the braces of a body, or a reference
	switch {
	case root == rootInput || root == rootItem:
		return task.MaxInline
	case step.Agent != nil:
		return around + step.Agent.inlineLimit()
	case step.Map != nil:
		return around + step.Map.MaxItems*(around+step.Map.Task.inlineLimit())
	case step.Approval != nil:
		return maxDecision
	}
	return 0
}
