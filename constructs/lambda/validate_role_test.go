package lambda

import (
	"testing"

	"github.com/aegis-agents/aegis/constructs/iam"
)

const (
	roleARN   = "arn:aws:iam::123456789012:role/orders"
	policyARN = "arn:aws:iam::123456789012:policy/orders"
)

func TestValidateOwnRole(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "name of 64 characters", change: func(p *Props) { p.RoleName = times("a", 64) }},
		{
			name: "name of 65 characters", change: func(p *Props) { p.RoleName = times("a", 65) },
			want: []string{`RoleName: must have 1 to 64 characters, got 65 in "` + times("a", 60) + `"…`},
		},
		{name: "every kind of character", change: func(p *Props) { p.RoleName = "Az09+=,.@_-" }},
		{
			name: "slash", change: func(p *Props) { p.RoleName = "a/b" },
			want: []string{`RoleName: must be letters, digits and +=,.@_-, got "a/b"`},
		},
		{name: "long function name", change: func(p *Props) { p.FunctionName = times("a", 64) }},
		{name: "root path", change: func(p *Props) { p.RolePath = "/" }},
		{name: "path", change: func(p *Props) { p.RolePath = "/a/b/" }},
		{name: "path of 512 characters", change: func(p *Props) { p.RolePath = "/" + times("a", 510) + "/" }},
		{
			name: "path of 513 characters", change: func(p *Props) { p.RolePath = "/" + times("a", 511) + "/" },
			want: []string{`RolePath: must have 1 to 512 characters, got 513 in "/` + times("a", 59) + `"…`},
		},
		{
			name: "path without its end", change: func(p *Props) { p.RolePath = "/a" },
			want: []string{`RolePath: must be a path that begins and ends with /, got "/a"`},
		},
		{
			name: "path without its beginning", change: func(p *Props) { p.RolePath = "a/" },
			want: []string{`RolePath: must be a path that begins and ends with /, got "a/"`},
		},
		{name: "boundary", change: func(p *Props) { p.PermissionsBoundaryARN = new(policyARN) }},
		{
			name: "boundary that is a role", change: func(p *Props) { p.PermissionsBoundaryARN = new(roleARN) },
			want: []string{`PermissionsBoundaryARN: must be the ARN of a managed policy, got "` + roleARN + `"`},
		},
		{
			name: "name of a role that is not given", change: func(p *Props) { p.ExistingRoleName = new("orders") },
			want: []string{"ExistingRoleName: must go with ExistingRoleARN, got a name alone"},
		},
	})
}

func TestDerivedRoleName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, function, want string }{
		{name: "short", function: "orders", want: "orders-role"},
		{name: "64 characters", function: times("a", 59), want: times("a", 59) + "-role"},
		{name: "65 characters", function: times("a", 60), want: times("a", 50) + "-11ee3912-role"},
		{name: "long", function: times("b", 64), want: times("b", 50) + "-a0fab137-role"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			props := validProps()
			props.FunctionName = tc.function
			if got := resolve(props, path).roleName; got != tc.want || len(got) > 64 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestValidateExistingRole(t *testing.T) {
	t.Parallel()
	existing := func(more func(p *Props)) func(p *Props) {
		return func(p *Props) {
			p.ExistingRoleARN = new(roleARN)
			if more != nil {
				more(p)
			}
		}
	}
	named := func(more func(p *Props)) func(p *Props) {
		return existing(func(p *Props) { p.ExistingRoleName = new("orders"); more(p) })
	}
	const without = "ExistingRoleName: must be set for policies to be added to the role in ExistingRoleARN, got nothing"
	statement := []iam.Statement{{Actions: []string{"s3:GetObject"}, Resources: []*string{new("*")}}}
	runChanges(t, []change{
		{name: "alone", change: existing(nil)},
		{name: "with a path", change: func(p *Props) { p.ExistingRoleARN = new("arn:aws:iam::123456789012:role/service/orders") }},
		{
			name: "a policy's ARN", change: func(p *Props) { p.ExistingRoleARN = new(policyARN) },
			want: []string{`ExistingRoleARN: must be the ARN of an IAM role, got "` + policyARN + `"`},
		},
		{
			name: "an empty ARN", change: func(p *Props) { p.ExistingRoleARN = new("") },
			want: []string{`ExistingRoleARN: must be the ARN of an IAM role, got ""`},
		},
		{
			name: "with what is for the own role", change: existing(func(p *Props) {
				p.RoleName, p.RolePath, p.PermissionsBoundaryARN = "other", "/a/", new(policyARN)
			}),
			want: []string{
				"RoleName: must not be set together with ExistingRoleARN, got both",
				"RolePath: must not be set together with ExistingRoleARN, got both",
				"PermissionsBoundaryARN: must not be set together with ExistingRoleARN, got both",
			},
		},
		{name: "managed policy", change: existing(func(p *Props) { p.ManagedPolicyARNs = []*string{new(policyARN)} }), want: []string{without}},
		{name: "inline policy", change: existing(func(p *Props) { p.InlinePolicy = new("{}") }), want: []string{without}},
		{name: "statements", change: existing(func(p *Props) { p.PolicyStatements = statement }), want: []string{without}},
		{name: "managed policy with the name", change: named(func(p *Props) { p.ManagedPolicyARNs = []*string{new(policyARN)} })},
		{name: "inline policy with the name", change: named(func(p *Props) { p.InlinePolicy = new("{}") })},
		{name: "statements with the name", change: named(func(p *Props) { p.PolicyStatements = statement })},
		{name: "empty name", change: named(func(p *Props) { p.ExistingRoleName = new("") }), want: []string{"ExistingRoleName: must be set, got nothing"}},
		{
			name: "path in the name", change: named(func(p *Props) { p.ExistingRoleName = new("service/orders") }),
			want: []string{`ExistingRoleName: must be letters, digits and +=,.@_-, got "service/orders"`},
		},
	})
}

func TestValidatePolicies(t *testing.T) {
	t.Parallel()
	managed := func(arns ...*string) func(p *Props) {
		return func(p *Props) { p.ManagedPolicyARNs = arns }
	}
	inline := func(text string) func(p *Props) {
		return func(p *Props) { p.InlinePolicy = &text }
	}
	const object = "InlinePolicy: must be a JSON object, got "
	runChanges(t, []change{
		{name: "customer's and AWS's", change: managed(new(policyARN), new("arn:aws:iam::aws:policy/service-role/A"), new("arn:aws-cn:iam::aws:policy/B"))},
		{
			name: "names and others' ARNs", change: managed(new("orders"), new(roleARN), nil, new("")),
			want: []string{
				`ManagedPolicyARNs[0]: must be the ARN of a managed policy, got "orders"`,
				`ManagedPolicyARNs[1]: must be the ARN of a managed policy, got "` + roleARN + `"`,
				"ManagedPolicyARNs[2]: must be set, got nothing",
				"ManagedPolicyARNs[3]: must be set, got nothing",
			},
		},
		{
			name: "the same twice", change: managed(new(policyARN), new(policyARN)),
			want: []string{`ManagedPolicyARNs[1]: must not repeat ManagedPolicyARNs[0], got "` + policyARN + `"`},
		},
		{
			name: "a token for a list", change: managed(new("#{TfToken[TOKEN.7]}")),
			want: []string{"ManagedPolicyARNs[0]: must be one value, got a token for a whole list"},
		},
		{name: "object", change: inline(`{"Version":"2012-10-17"}`)},
		{name: "empty", change: inline(""), want: []string{object + `"": unexpected end of JSON input`}},
		{name: "cut short", change: inline(`{"Version":`), want: []string{object + `"{\"Version\":": unexpected end of JSON input`}},
		{name: "list", change: inline("[]"), want: []string{object + `"[]"`}},
		{name: "null", change: inline("null"), want: []string{object + `"null"`}},
		{name: "string", change: inline(`"a"`), want: []string{object + `"\"a\""`}},
		{name: "something after it", change: inline(`{}{}`), want: []string{object + `"{}{}": invalid character '{' after top-level value`}},
		{name: "token inside", change: inline(`{"Resource":` + token)},
	})
}

func TestValidateStatements(t *testing.T) {
	t.Parallel()
	statements := func(list ...iam.Statement) func(p *Props) {
		return func(p *Props) { p.PolicyStatements = list }
	}
	read := iam.Statement{Sid: "Read", Actions: []string{"s3:GetObject"}, Resources: []*string{new("*")}}
	write := iam.Statement{Sid: "Read", Actions: []string{"s3:PutObject"}, Resources: []*string{new("*")}}
	trace := iam.Statement{Sid: "Trace", Actions: []string{"s3:PutObject"}, Resources: []*string{new("*")}}
	runChanges(t, []change{
		{name: "one", change: statements(read)},
		{name: "the same twice", change: statements(read, read)},
		{
			name: "two of one Sid", change: statements(read, write),
			want: []string{`PolicyStatements[1].Sid: must not repeat in a document, got "Read"`},
		},
		{name: "Sid of a permission that is not needed", change: statements(trace)},
		{
			name: "Sid of a permission that is", change: func(p *Props) { statements(trace)(p); p.TracingMode = Active },
			want: []string{`PolicyStatements[0].Sid: must not repeat in a document, got "Trace"`},
		},
		{
			name: "all wrong", change: statements(iam.Statement{Principals: []iam.Principal{{Type: "*"}}}),
			want: []string{
				"PolicyStatements[0].Actions: must not be empty, got nothing",
				"PolicyStatements[0].Resources: must not be empty, got nothing",
				"PolicyStatements[0].Principals: must not be set in a role's policy, got 1",
			},
		},
	})
}
