package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// version is that of the policy language.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const version = "2012-10-17"

// Document renders statements as the JSON of one identity policy: the statements
// in the order given, a repeated statement once, actions sorted. All mistakes
// come back in one error.
func Document(statements ...Statement) (string, error) {
	return document(Identity, statements)
}

// ResourceDocument is Document for the policy of a resource that knows itself.
func ResourceDocument(statements ...Statement) (string, error) {
	return document(Resource, statements)
}

func document(where PolicyType, statements []Statement) (string, error) {
	var p check.Problems
	if len(statements) == 0 {
		p.Addf("Statements", "must not be empty, got nothing")
	}
	Validate(&p, "Statements", where, statements)
	if list := p.List(); len(list) > 0 {
		errs := make([]error, len(list))
		for i, problem := range list {
			errs[i] = problem
		}
		return "", errors.Join(errs...)
	}
	return Render(statements...), nil
}

// rendered is a statement in the order of IAM's grammar.
type rendered struct {
	Sid       string                    `json:"Sid,omitempty"`
	Effect    Effect                    `json:"Effect"`
	Principal any                       `json:"Principal,omitempty"`
	Action    any                       `json:"Action"`
	Resource  any                       `json:"Resource,omitempty"`
	Condition map[string]map[string]any `json:"Condition,omitempty"`
}

// Render is Document without the checks, for statements that have passed them.
func Render(statements ...Statement) string {
	list := make([]json.RawMessage, 0, len(statements))
	seen := make(map[string]bool, len(statements))
	for _, s := range statements {
		text := marshal(s.render())
		if !seen[string(text)] {
			seen[string(text)] = true
			list = append(list, text)
		}
	}
	return string(marshal(struct {
		Version   string
		Statement []json.RawMessage
	}{version, list}))
}

func (s Statement) render() rendered {
	r := rendered{Sid: s.Sid, Effect: s.Effect, Condition: s.conditions()}
	if r.Effect == "" {
		r.Effect = Allow
	}
	actions := slices.Clone(s.Actions)
	slices.Sort(actions)
	r.Action = oneOrMany(slices.Compact(actions))
	if len(s.Resources) > 0 {
		r.Resource = oneOrMany(values(s.Resources))
	}
	principals := map[string]any{}
	for _, p := range s.Principals {
		if p.Type == "*" {
			r.Principal = "*"
			return r
		}
		principals[p.Type] = oneOrMany(append(asList(principals[p.Type]), values(p.Identifiers)...))
	}
	if len(principals) > 0 {
		r.Principal = principals
	}
	return r
}

func (s Statement) conditions() map[string]map[string]any {
	if len(s.Conditions) == 0 {
		return nil
	}
	out := map[string]map[string]any{}
	for _, c := range s.Conditions {
		if out[c.Operator] == nil {
			out[c.Operator] = map[string]any{}
		}
		out[c.Operator][c.Key] = oneOrMany(append(asList(out[c.Operator][c.Key]), values(c.Values)...))
	}
	return out
}

// oneOrMany writes a list of one as the element, as the AWS console does.
func oneOrMany(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func asList(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	default:
		return nil
	}
}

func values(list []*string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// marshal keeps <, > and & as they are: a token or a condition may hold them.
func marshal(v any) []byte {
	text, err := check.MarshalJSON(v)
	if err != nil {
		panic(fmt.Sprintf("iam: a policy of strings did not marshal: %v", err))
	}
	return text
}
