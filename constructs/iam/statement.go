package iam

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Effect says whether a statement allows or denies.
type Effect string

const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one statement of a policy.
type Statement struct {
	// Sid names the statement: letters and digits. It must not repeat in a
	// document. Default: none.
	Sid string
	// Effect is Allow or Deny. Default: Allow.
	Effect Effect
	// Actions are "service:Action", wildcards allowed, or "*". Required.
	Actions []string
	// Resources are the ARNs that the statement speaks of, tokens and wildcards
	// allowed. Required, but for the policies of a role's trust and of a
	// repository, which have none.
	Resources []*string
	// Principals are who the statement speaks of, in the policies of resources.
	// Default: none, as in the policies of a role.
	Principals []Principal
	// Conditions all have to hold. Default: none.
	Conditions []Condition
}

// Principal is who may do it, in the policy of a resource.
type Principal struct {
	// Type is "AWS", "Service" or "Federated"; "*" stands for everybody. Required.
	Type string
	// Identifiers are account ids, ARNs, service names or "*". Required, but for
	// the type "*".
	Identifiers []*string
}

// Condition limits when a statement holds.
type Condition struct {
	// Operator is the comparison: "StringEquals", "ArnLike", "Bool" and so on. Required.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
	Operator string
	// Key is the condition key: "aws:SourceAccount". Required.
	Key string
	// Values are compared with the key; one of them has to match. Required.
	Values []*string
}

var (
	sidPattern    = regexp.MustCompile(`^[a-zA-Z0-9]*$`)
	actionPattern = regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)
)

// PolicyType tells what a policy is attached to, which decides what its
// statements must name.
type PolicyType int

const (
	// Identity is a policy of a role: resources, no principals.
	Identity PolicyType = iota
	// Resource is a policy of a resource that knows itself, such as an ECR
	// repository or a role's trust: principals, no resources.
	Resource
)

// Validate records every mistake of the statements of one document under field.
// Where tells what the document is part of. Before are the statements that the
// document has already.
// It is for the constructs of this module, which pass their own collector.
func Validate(p *check.Problems, field string, where PolicyType, statements []Statement, before ...Statement) {
	seen := map[string]string{}
	for _, s := range before {
		seen[s.Sid] = Render(s)
	}
	for i, s := range statements {
		in := p.At(field, i)
		s.Validate(in, where)
		// The same statement again is written once.
		text, again := seen[s.Sid]
		if s.Sid != "" && again && text != Render(s) {
			in.Addf("Sid", "must not repeat in a document, got %q", s.Sid)
		}
		seen[s.Sid] = Render(s)
	}
}

// Validate records every mistake of the statement by itself. Where tells what the
// statement is part of: identity policies need resources and have no principals.
// It is for the constructs of this module, which pass their own collector.
func (s Statement) Validate(p *check.Problems, where PolicyType) {
	if p.Known("Sid", s.Sid) && !sidPattern.MatchString(s.Sid) {
		p.Addf("Sid", "must be letters and digits, got %q", s.Sid)
	}
	if s.Effect != "" {
		check.OneOf(p, "Effect", s.Effect, Allow, Deny)
	}
	if len(s.Actions) == 0 {
		p.Addf("Actions", "must not be empty, got nothing")
	}
	for i, action := range s.Actions {
		if f := fmt.Sprintf("Actions[%d]", i); p.Known(f, action) && !actionPattern.MatchString(action) {
			p.Addf(f, `must be "service:Action" or "*", got %q`, action)
		}
	}
	s.checkSubject(p, where)
	for i, c := range s.Conditions {
		in := p.At("Conditions", i)
		in.Required("Operator", c.Operator)
		in.Required("Key", c.Key)
		checkValues(in, "Values", c.Values)
	}
}

func (s Statement) checkSubject(p *check.Problems, where PolicyType) {
	switch where {
	case Identity:
		checkValues(p, "Resources", s.Resources)
		for i, r := range s.Resources {
			if text, ok := check.Literal(r); ok && text != "" && text != "*" && !strings.HasPrefix(text, "arn:") {
				p.Addf(fmt.Sprintf("Resources[%d]", i), `must be an ARN or "*", got %q`, text)
			}
		}
		if len(s.Principals) > 0 {
			p.Addf("Principals", "must not be set in a role's policy, got %d", len(s.Principals))
		}
	case Resource:
		if len(s.Resources) > 0 {
			p.Addf("Resources", "must not be set: the policy's resource is the one it is attached to, got %d", len(s.Resources))
		}
		if len(s.Principals) == 0 {
			p.Addf("Principals", "must not be empty, got nothing")
		}
		for i, principal := range s.Principals {
			in := p.At("Principals", i)
			if check.OneOf(in, "Type", principal.Type, "AWS", "Service", "Federated", "*") && principal.Type != "*" {
				checkValues(in, "Identifiers", principal.Identifiers)
			}
		}
	}
}

func checkValues(p *check.Problems, field string, values []*string) {
	if len(values) == 0 {
		p.Addf(field, "must not be empty, got nothing")
	}
	for i, v := range values {
		p.RequiredValue(fmt.Sprintf("%s[%d]", field, i), v)
	}
	p.NoListTokens(field, values)
}
