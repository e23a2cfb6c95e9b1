package agent

import (
	"testing"

	"github.com/aegis-agents/aegis/constructs/iam"
)

func TestValidateRole(t *testing.T) {
	t.Parallel()
	with := func(change func(p *Props)) func(p *Props) {
		return func(p *Props) { p.CreateRole = true; change(p) }
	}
	runChanges(t, []change{
		{name: "role", change: with(func(*Props) {})},
		{name: "role of an agent with a long name", change: with(func(p *Props) { p.Name = times("a/", 254) + "bb" })},
		{
			name: "policies without a role", change: func(p *Props) {
				p.RolePrincipals, p.RoleName, p.RolePath, p.PermissionsBoundaryARN = []string{"lambda.amazonaws.com"}, "a", "/a/", new(policyARN)
				p.ManagedPolicyARNs, p.InlinePolicy = list(policyARN), new("{}")
				p.PolicyStatements = []iam.Statement{{Actions: []string{"s3:GetObject"}, Resources: list("*")}}
			},
			want: []string{
				"RolePrincipals: must go with CreateRole, got RolePrincipals without it",
				"RoleName: must go with CreateRole, got RoleName without it",
				"RolePath: must go with CreateRole, got RolePath without it",
				"PermissionsBoundaryARN: must go with CreateRole, got PermissionsBoundaryARN without it",
				"ManagedPolicyARNs: must go with CreateRole, got ManagedPolicyARNs without it",
				"InlinePolicy: must go with CreateRole, got InlinePolicy without it",
				"PolicyStatements: must go with CreateRole, got PolicyStatements without it",
			},
		},
		{name: "no principals", change: with(func(p *Props) { p.RolePrincipals = []string{} }), want: []string{"RolePrincipals: must not be empty, got nothing"}},
		{name: "a principal", change: with(func(p *Props) { p.RolePrincipals = []string{"bedrock-agentcore.amazonaws.com"} })},
		{
			name: "principals with mistakes", change: with(func(p *Props) { p.RolePrincipals = []string{"lambda", "", "a.b", "a.b", token} }),
			want: []string{
				`RolePrincipals[0]: must be a service such as "ecs-tasks.amazonaws.com", got "lambda"`,
				"RolePrincipals[1]: must be set, got nothing",
				`RolePrincipals[3]: must not repeat, got "a.b" again`,
				"RolePrincipals[4]: must be known at synth, got a Terraform token",
			},
		},
		{name: "role name of 64 characters", change: with(func(p *Props) { p.RoleName = times("a", 64) })},
		{
			name: "role name of 65 characters", change: with(func(p *Props) { p.RoleName = times("a", 65) }),
			want: []string{`RoleName: must have 1 to 64 characters, got 65 in "` + times("a", 60) + `"…`},
		},
		{
			name: "path", change: with(func(p *Props) { p.RolePath = "a" }),
			want: []string{`RolePath: must be a path that begins and ends with /, got "a"`},
		},
		{
			name: "boundary", change: with(func(p *Props) { p.PermissionsBoundaryARN = new(roleARN) }),
			want: []string{`PermissionsBoundaryARN: must be the ARN of a managed policy, got "` + roleARN + `"`},
		},
		{name: "policies to come", change: with(func(p *Props) { p.ManagedPolicyARNs, p.InlinePolicy = list(token), new(token) })},
		{
			name: "policies with mistakes", change: with(func(p *Props) {
				p.ManagedPolicyARNs = []*string{new(policyARN), new(policyARN), nil, new(roleARN)}
				p.InlinePolicy = new("[]")
				p.PolicyStatements = []iam.Statement{{Actions: []string{"get"}, Resources: list("*")}}
			}),
			want: []string{
				`ManagedPolicyARNs[1]: must not repeat ManagedPolicyARNs[0], got "` + policyARN + `"`,
				"ManagedPolicyARNs[2]: must be set, got nothing",
				`ManagedPolicyARNs[3]: must be the ARN of a managed policy, got "` + roleARN + `"`,
				`InlinePolicy: must be a JSON object, got "[]"`,
				`PolicyStatements[0].Actions[0]: must be "service:Action" or "*", got "get"`,
			},
		},
		{
			name: "list to come", change: with(func(p *Props) { p.ManagedPolicyARNs = list(listToken) }),
			want: []string{"ManagedPolicyARNs[0]: must be one value, got a token for a whole list"},
		},
	})
}

func TestRoleName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, agent, role, label string }{
		{"short", "orders-agent", "orders-agent-role", "orders-agent"},
		{"64 characters", times("a", 59), times("a", 59) + "-role", times("a", 59)},
		{"65 characters", times("a", 60), times("a", 50) + "-11ee3912-role", times("a", 50) + "-11ee3912"},
		{"slash", "team/orders", "team-orders-68d5d602-role", "team-orders-68d5d602"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := resolve(Props{Name: tc.agent}, stackFolder{})
			if got.roleName != tc.role || got.roleLabel != tc.label {
				t.Errorf("got %q and %q, want %q and %q", got.roleName, got.roleLabel, tc.role, tc.label)
			}
			if len(got.roleName) > 64 {
				t.Errorf("got %d characters, want at most 64", len(got.roleName))
			}
		})
	}
}
