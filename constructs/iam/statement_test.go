package iam

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

const token = "${TfToken[TOKEN.1]}"

func TestValidateStatement(t *testing.T) {
	t.Parallel()
	identity := func(change func(s *Statement)) Statement {
		s := Statement{Actions: []string{"s3:GetObject"}, Resources: texts("*")}
		change(&s)
		return s
	}
	trust := func(change func(s *Statement)) Statement {
		s := Statement{Actions: []string{"sts:AssumeRole"}, Principals: []Principal{{Type: "Service", Identifiers: texts("lambda.amazonaws.com")}}}
		change(&s)
		return s
	}
	actions := func(list ...string) Statement { return identity(func(s *Statement) { s.Actions = list }) }
	resources := func(list ...*string) Statement { return identity(func(s *Statement) { s.Resources = list }) }
	const action = `must be "service:Action" or "*", got `
	for _, tc := range []struct {
		name      string
		statement Statement
		where     PolicyType
		want      []string
	}{
		{name: "identity", statement: identity(func(*Statement) {})},
		{
			name: "nothing", where: Identity,
			want: []string{"S[0].Actions: must not be empty, got nothing", "S[0].Resources: must not be empty, got nothing"},
		},
		{name: "Sid", statement: identity(func(s *Statement) { s.Sid = "Az09" })},
		{name: "Sid with a sign", statement: identity(func(s *Statement) { s.Sid = "a-b" }), want: []string{`S[0].Sid: must be letters and digits, got "a-b"`}},
		{name: "deny", statement: identity(func(s *Statement) { s.Effect = Deny })},
		{name: "other effect", statement: identity(func(s *Statement) { s.Effect = "allow" }), want: []string{`S[0].Effect: must be "Allow" or "Deny", got "allow"`}},
		{name: "actions", statement: actions("*", "s3:*", "s3:Get*", "s3:G?tObject", "execute-api:Invoke")},
		{
			name: "no actions", statement: actions("", "s3", "s3:", "s3:Get Object", "s3:Get:Object", token),
			want: []string{
				"S[0].Actions[0]: " + action + `""`, "S[0].Actions[1]: " + action + `"s3"`, "S[0].Actions[2]: " + action + `"s3:"`,
				"S[0].Actions[3]: " + action + `"s3:Get Object"`, "S[0].Actions[4]: " + action + `"s3:Get:Object"`,
				"S[0].Actions[5]: must be known at synth, got a Terraform token",
			},
		},
		{name: "resources", statement: resources(texts("*", "arn:aws:s3:::a/*", "arn:*:s3:::b", token)...)},
		{
			name: "no resources", statement: resources(nil, new(""), new("a"), new("#{TfToken[TOKEN.2]}")),
			want: []string{
				"S[0].Resources[0]: must be set, got nothing", "S[0].Resources[1]: must be set, got nothing",
				"S[0].Resources[3]: must be one value, got a token for a whole list",
				`S[0].Resources[2]: must be an ARN or "*", got "a"`,
			},
		},
		{
			name: "principals of a role's policy", statement: identity(func(s *Statement) { s.Principals = []Principal{{Type: "*"}} }),
			want: []string{"S[0].Principals: must not be set in a role's policy, got 1"},
		},
		{
			name: "conditions", statement: identity(func(s *Statement) {
				s.Conditions = []Condition{{Operator: "Bool", Key: "a:B", Values: texts("true", token)}, {}}
			}),
			want: []string{
				"S[0].Conditions[1].Operator: must be set, got nothing", "S[0].Conditions[1].Key: must be set, got nothing",
				"S[0].Conditions[1].Values: must not be empty, got nothing",
			},
		},
		{name: "trust", statement: trust(func(*Statement) {}), where: Resource},
		{name: "everybody", statement: trust(func(s *Statement) { s.Principals = []Principal{{Type: "*"}} }), where: Resource},
		{
			name: "no principals", statement: trust(func(s *Statement) { s.Principals = nil }), where: Resource,
			want: []string{"S[0].Principals: must not be empty, got nothing"},
		},
		{
			name: "bad principals", statement: trust(func(s *Statement) { s.Principals = []Principal{{Type: "service"}, {Type: "AWS"}} }), where: Resource,
			want: []string{
				`S[0].Principals[0].Type: must be "AWS", "Service", "Federated" or "*", got "service"`,
				"S[0].Principals[1].Identifiers: must not be empty, got nothing",
			},
		},
		{
			name: "resources of a resource's policy", statement: trust(func(s *Statement) { s.Resources = texts("*") }), where: Resource,
			want: []string{"S[0].Resources: must not be set: the policy's resource is the one it is attached to, got 1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var p check.Problems
			Validate(&p, "S", tc.where, []Statement{tc.statement})
			if diff := cmp.Diff(tc.want, p.Strings(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSidsOfADocument(t *testing.T) {
	t.Parallel()
	statement := func(sid, action string) Statement {
		return Statement{Sid: sid, Actions: []string{action}, Resources: texts("*")}
	}
	const again = `.Sid: must not repeat in a document, got "A"`
	for _, tc := range []struct {
		name         string
		before, list []Statement
		want         []string
	}{
		{name: "different", list: []Statement{statement("A", "a:A"), statement("B", "a:B")}},
		{name: "none", list: []Statement{statement("", "a:A"), statement("", "a:B")}},
		{name: "the same statement", list: []Statement{statement("A", "a:A"), statement("A", "a:A")}},
		{name: "another statement", list: []Statement{statement("A", "a:A"), statement("A", "a:B")}, want: []string{"S[1]" + again}},
		{name: "the same one before", before: []Statement{statement("A", "a:A")}, list: []Statement{statement("A", "a:A")}},
		{name: "another before", before: []Statement{statement("A", "a:A")}, list: []Statement{statement("A", "a:B")}, want: []string{"S[0]" + again}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var p check.Problems
			Validate(&p, "S", Identity, tc.list, tc.before...)
			if diff := cmp.Diff(tc.want, p.Strings(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentErrors(t *testing.T) {
	t.Parallel()
	if text, err := Document(); err == nil || text != "" || err.Error() != "Statements: must not be empty, got nothing" {
		t.Errorf("no statements: got %q, %v", text, err)
	}
	want := strings.Join([]string{
		`Statements[0].Sid: must be letters and digits, got "a b"`,
		"Statements[0].Actions: must not be empty, got nothing",
		"Statements[0].Resources: must not be empty, got nothing",
		"Statements[1].Principals: must not be set in a role's policy, got 1",
	}, "\n")
	_, err := Document(Statement{Sid: "a b"}, Statement{Actions: []string{"*"}, Resources: texts("*"), Principals: []Principal{{Type: "*"}}})
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
