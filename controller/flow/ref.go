package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aegis-agents/aegis/controller/task"
)

// Ref names a value in a workflow's document: a root and fields, with dots
// between. The root is input, item (in a map) or a step whose result it is.
//
// It is all the language there is. The renderer writes it as a JSON path and the
// machine reads it in a dozen lines, so that both see the same value.
type Ref string

const (
	rootInput = "input"
	rootItem  = "item"
)

func (r Ref) split() (root string, path []string) {
	parts := strings.Split(string(r), ".")
	return parts[0], parts[1:]
}

// wellFormed is whether every field is a name that a JSON path takes unquoted.
func (r Ref) wellFormed() bool {
	for part := range strings.SplitSeq(string(r), ".") {
		for i, c := range part {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}

// isWholeResult is whether r names all of a step's result, which is a body already.
func (r Ref) isWholeResult() bool {
	root, path := r.split()
	return root != rootInput && root != rootItem && len(path) == 0
}

// jsonPath is r as a path in the document of the state machine; that of an item
// is only known to the selector of a map.
func (r Ref) jsonPath() string {
	root, path := r.split()
	switch {
	case root == rootInput:
		root = "$.input"
	case root == rootItem:
		root = "$$.Map.Item.Value"
	case len(path) == 0:
		root = "$.results." + root
	default:
		root = "$.results." + root + ".inline"
	}
	return strings.Join(append([]string{root}, path...), ".")
}

// errNotFound is a Ref whose value is not there.
var errNotFound = errors.New("is not there")

// resolve returns the value that r names: of a whole result the body, as JSON.
func (r Ref) resolve(s *State, item json.RawMessage) (json.RawMessage, error) {
	root, path := r.split()
	var value json.RawMessage
	switch root {
	case rootInput:
		value = s.Input
	case rootItem:
		value = item
	default:
		body, ok := s.Results[root]
		if !ok {
			return nil, fmt.Errorf("%s: %w", r, errNotFound)
		}
		if len(path) == 0 {
			return encodeJSON(body)
		}
		value = body.Inline
	}
	for _, field := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return nil, fmt.Errorf("%s: %w", r, errNotFound)
		}
		var ok bool
		if value, ok = object[field]; !ok {
			return nil, fmt.Errorf("%s: %w", r, errNotFound)
		}
	}
	return value, nil
}

// bodies resolves the inputs of a task or of an approval.
func bodies(input map[string]Ref, s *State, item json.RawMessage) (map[string]task.Body, error) {
	out := make(map[string]task.Body, len(input))
	for _, name := range sortedKeys(input) {
		ref := input[name]
		if ref.isWholeResult() {
			body, ok := s.Results[string(ref)]
			if !ok {
				return nil, fmt.Errorf("%s: %w", ref, errNotFound)
			}
			out[name] = body
			continue
		}
		value, err := ref.resolve(s, item)
		if err != nil {
			return nil, err
		}
		out[name] = task.Body{Inline: value}
	}
	return out, nil
}
