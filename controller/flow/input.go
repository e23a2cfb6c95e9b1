package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/controller/task"
)

// Type is the type of an input.
type Type string

// The types.
const (
	String  Type = "string"
	Boolean Type = "boolean"
	Integer Type = "integer"
	Array   Type = "array"
)

// Input is one field of a workflow's input.
type Input struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Default is for a workflow that is started without it. Default: none, it is required.
	Default json.RawMessage `json:"default,omitempty"`
	// Min and Max are the lowest and the highest Integer, or the lengths in
	// bytes of a String, or in items of an Array. Default: of a String and an Array 0 and any; of an Integer required.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
}

// PrepareInput checks the input that a workflow is started with and fills in the
// defaults: what the workflow refers to is then there. It returns all errors.
func (w Workflow) PrepareInput(given []byte) (json.RawMessage, error) {
	if len(given) > task.MaxMessage { // not worth reading
		return nil, fmt.Errorf("input: must have at most %d bytes, got %d", task.MaxInline, len(given))
	}
	body, tooLarge, err := task.NewBody(given, task.MaxInline)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if tooLarge != nil {
		return nil, fmt.Errorf("input: must have at most %d bytes, got %d", task.MaxInline, len(tooLarge))
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body.Inline, &fields) != nil || fields == nil {
		return nil, errors.New("input: must be an object")
	}
	var problems []error
	out := bytes.NewBufferString("{")
	for i, input := range w.Inputs {
		value, ok := fields[input.Name]
		delete(fields, input.Name)
		switch {
		case !ok && input.Default == nil:
			problems = append(problems, fmt.Errorf("input.%s: is missing", input.Name))
			continue
		case !ok:
			value = input.Default
		}
		if problem := input.check(value); problem != "" {
			problems = append(problems, fmt.Errorf("input.%s: %s", input.Name, problem))
		}
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "%q:%s", input.Name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		problems = append(problems, fmt.Errorf("input.%s: is not an input of %s", name, w.Name))
	}
	out.WriteByte('}')
	return out.Bytes(), errors.Join(problems...)
}

// check says what is wrong with a value.
func (in Input) check(value json.RawMessage) string {
	size, unit := 0, ""
	switch in.Type {
	case String:
		var v *string
		if json.Unmarshal(value, &v) != nil || v == nil {
			return "must be a string"
		}
		// A required text that is empty was forgotten.
		if in.Default == nil && strings.TrimSpace(*v) == "" {
			return "must not be empty"
		}
		size, unit = len(*v), " bytes"
	case Boolean:
		if text := string(value); text != "true" && text != "false" {
			return "must be true or false"
		}
		return ""
	case Integer:
		var v *int
		if json.Unmarshal(value, &v) != nil || v == nil {
			return "must be a whole number"
		}
		size = *v
	case Array:
		var v []json.RawMessage
		if json.Unmarshal(value, &v) != nil || v == nil {
			return "must be an array"
		}
		size, unit = len(v), " items"
	}
	if size < in.Min || size > in.Max && in.Max != 0 {
		got := fmt.Sprintf("got %d", size)
		if in.Max == 0 {
			return fmt.Sprintf("must have at least %d%s, %s", in.Min, unit, got)
		}
		verb := "be"
		if unit != "" {
			verb = "have"
		}
		return fmt.Sprintf("must %s from %d to %d%s, %s", verb, in.Min, in.Max, unit, got)
	}
	return ""
}
