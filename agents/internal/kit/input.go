package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

// maxInput is how much an agent reads of a task's inputs, in bytes: at four a
// token, most of the default budget of tokens.
const maxInput = 512 * 1024

// Kind says what an input is.
type Kind string

// The kinds of inputs.
const (
	Text    Kind = "text"
	Integer Kind = "integer"
	Object  Kind = "object"
	List    Kind = "list"
)

// Field describes an input.
type Field struct {
	Name string
	Kind Kind
	// Max is the longest text in characters, or the largest integer, which is at
	// least 1. Default: no limit but that of all inputs.
	Max int
}

// Input is a task's inputs by name, checked against the agent's fields.
type Input map[string]json.RawMessage

// Text returns a text. It is empty for what is none.
func (in Input) Text(name string) string {
	var text string
	if json.Unmarshal(in[name], &text) != nil {
		return ""
	}
	return text
}

// Integer returns an integer. It is 0 for what is none.
func (in Input) Integer(name string) int {
	var n int
	if json.Unmarshal(in[name], &n) != nil {
		return 0
	}
	return n
}

// loadInput gets the values of a task's inputs, wherever they are.
func loadInput(ctx context.Context, objects transport.Objects, bodies map[string]task.Body) (Input, error) {
	left := maxInput
	in := make(Input, len(bodies))
	for _, name := range slices.Sorted(mapKeys(bodies)) {
		value, err := loadBody(ctx, objects, bodies[name], &left)
		if err != nil {
			return nil, failure.New(failureOfObject(err), "input %s: %w", name, err)
		}
		in[name] = value
	}
	return in, nil
}

// mapKeys ranges over a map's keys.
func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// loadBody gets one value and takes its size off left.
func loadBody(ctx context.Context, objects transport.Objects, body task.Body, left *int) (json.RawMessage, error) {
	switch {
	case body.Ref != nil:
		if body.Ref.Size > *left {
			return nil, errTooMuch
		}
		value, err := objects.Get(ctx, transport.ObjectPrefix+body.Ref.Key(), body.Ref.Size)
		if err != nil {
			return nil, err
		}
		if err := body.Ref.Check(value); err != nil {
			return nil, err
		}
		if !json.Valid(value) {
			return nil, failure.New(task.ErrorInvalidInput, "object %s: must be JSON", body.Ref.SHA256)
		}
		*left -= len(value)
		return value, nil
	case body.List != nil:
		list := make([]json.RawMessage, len(body.List))
		for i, item := range body.List {
			value, err := loadBody(ctx, objects, item, left)
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
			list[i] = value
		}
		return json.Marshal(list)
	default:
		if len(body.Inline) > *left {
			return nil, errTooMuch
		}
		*left -= len(body.Inline)
		return body.Inline, nil
	}
}

// errTooMuch is more input than an agent reads.
var errTooMuch = failure.New(task.ErrorInvalidInput, "the inputs must have at most %d bytes in all", maxInput)

// failureOfObject names what an error of the store, or of an object, means.
func failureOfObject(err error) string {
	switch {
	case failure.Is(err):
		return failure.NameOf(err)
	case errors.Is(err, transport.ErrDenied):
		return task.ErrorAccessDenied
	case errors.Is(err, transport.ErrNotFound), errors.Is(err, transport.ErrTooLarge), errors.Is(err, task.ErrBodyMismatch):
		return task.ErrorInvalidInput
	default:
		return task.ErrorUnavailable
	}
}

// checkInput refuses inputs that are not the agent's, with all problems.
func checkInput(fields []Field, in Input) error {
	var problems []error
	for _, field := range fields {
		value, ok := in[field.Name]
		if !ok {
			problems = append(problems, fmt.Errorf("input %s: must be given", field.Name))
			continue
		}
		if err := field.check(value); err != nil {
			problems = append(problems, fmt.Errorf("input %s: %w", field.Name, err))
		}
	}
	for _, name := range slices.Sorted(mapKeys(in)) {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			problems = append(problems, fmt.Errorf("input %s: must be one that the agent knows", name))
		}
	}
	if len(problems) > 0 {
		return failure.New(task.ErrorInvalidInput, "%w", errors.Join(problems...))
	}
	return nil
}

// check refuses a value that is not of the field's kind.
func (f Field) check(value json.RawMessage) error {
	trimmed := bytes.TrimSpace(value)
	switch f.Kind {
	case Text:
		var text string
		if json.Unmarshal(value, &text) != nil || text == "" {
			return errors.New("must be a text that is not empty")
		}
		if n := utf8.RuneCountInString(text); f.Max > 0 && n > f.Max {
			return fmt.Errorf("must have at most %d characters, got %d", f.Max, n)
		}
	case Integer:
		var n int
		if json.Unmarshal(value, &n) != nil || n < 1 || f.Max > 0 && n > f.Max {
			return fmt.Errorf("must be an integer from 1 to %d, got %.20s", f.Max, value)
		}
	case Object:
		if !bytes.HasPrefix(trimmed, []byte("{")) {
			return errors.New("must be an object")
		}
	case List:
		if !bytes.HasPrefix(trimmed, []byte("[")) {
			return errors.New("must be a list")
		}
	}
	return nil
}
