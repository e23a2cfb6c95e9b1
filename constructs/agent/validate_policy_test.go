package agent

import (
	"fmt"
	"testing"

	"github.com/aegis-agents/aegis/constructs/iam"
)

func TestValidatePolicy(t *testing.T) {
	t.Parallel()
	statement := []iam.Statement{{Sid: "Own", Actions: []string{"ecr:DescribeImages"}, Principals: []iam.Principal{{Type: "AWS", Identifiers: list("*")}}}}
	principal := func(name, value string) change {
		return change{
			name: name, change: func(p *Props) { p.PullPrincipals, p.PushPrincipals = list(value), list(value) },
			want: []string{
				"PullPrincipals[0]: must be an account id or the ARN of a role, user or account, got " + quote(value),
				"PushPrincipals[0]: must be an account id or the ARN of a role, user or account, got " + quote(value),
			},
		}
	}
	accounts := func(n int) []*string {
		return many(n, func(i int) *string { return new(fmt.Sprintf("%012d", i)) })
	}
	runChanges(t, []change{
		{name: "raw", change: func(p *Props) { p.RepositoryPolicy = new("{}") }},
		{name: "raw for Lambda", change: func(p *Props) { p.RepositoryPolicy, p.ForLambda = new("{}"), true }},
		{name: "raw to come", change: func(p *Props) { p.RepositoryPolicy = new(token) }},
		{name: "raw of 10240 bytes", change: func(p *Props) { p.RepositoryPolicy = new("{" + times(" ", 10238) + "}") }},
		{
			name: "raw of 10241 bytes", change: func(p *Props) { p.RepositoryPolicy = new("{" + times(" ", 10239) + "}") },
			want: []string{"RepositoryPolicy: must take at most 10240 bytes, got 10241"},
		},
		{
			name: "raw, not JSON", change: func(p *Props) { p.RepositoryPolicy = new("[1]") },
			want: []string{`RepositoryPolicy: must be a JSON object, got "[1]"`},
		},
		{
			name: "raw and typed", change: func(p *Props) {
				p.RepositoryPolicy, p.ForLambda, p.RepositoryPolicyStatements = new("{}"), true, statement
				p.LambdaFunctionARNs = list("arn:aws:lambda:eu-central-1:123456789012:function:a")
				p.PullPrincipals, p.PushPrincipals, p.PullOrganizationIDs = list("123456789012"), list("123456789012"), []string{"o-a1b2c3d4e5"}
			},
			want: []string{
				"LambdaFunctionARNs: must not be set together with RepositoryPolicy, got both",
				"RepositoryPolicyStatements: must not be set together with RepositoryPolicy, got both",
				"PullPrincipals: must not be set together with RepositoryPolicy, got both",
				"PullOrganizationIDs: must not be set together with RepositoryPolicy, got both",
				"PushPrincipals: must not be set together with RepositoryPolicy, got both",
			},
		},
		{name: "typed", change: func(p *Props) {
			p.ForLambda, p.RepositoryPolicyStatements = true, statement
			p.PullPrincipals = list("123456789012", roleARN, "arn:aws-cn:iam::123456789012:root", "arn:aws:sts::123456789012:assumed-role/a/b", token)
			p.PullOrganizationIDs = []string{"o-" + times("a", 32)}
		}},
		principal("everybody", "*"),
		principal("a service", "ecs-tasks.amazonaws.com"),
		principal("a short account", "12345678901"),
		principal("a bucket", "arn:aws:s3:::a"),
		{
			name: "no principals", change: func(p *Props) { p.PullPrincipals, p.PushPrincipals = []*string{}, []*string{} },
			want: []string{"PullPrincipals: must not be empty, got nothing", "PushPrincipals: must not be empty, got nothing"},
		},
		{
			name: "principals with mistakes", change: func(p *Props) { p.PullPrincipals = []*string{nil, new(""), new(roleARN), new(roleARN), new(listToken)} },
			want: []string{
				"PullPrincipals[0]: must be set, got nothing",
				"PullPrincipals[1]: must be set, got nothing",
				`PullPrincipals[3]: must not repeat PullPrincipals[2], got "` + roleARN + `"`,
				"PullPrincipals[4]: must be one value, got a token for a whole list",
			},
		},
		{
			name: "organizations with mistakes", change: func(p *Props) { p.PullOrganizationIDs = []string{"o-a1b2c3d4e", "r-a1b2c3d4e5"} },
			want: []string{
				`PullOrganizationIDs[0]: must be an organization's id, "o-" and 10 to 32 lower-case letters and digits, got "o-a1b2c3d4e"`,
				`PullOrganizationIDs[1]: must be an organization's id, "o-" and 10 to 32 lower-case letters and digits, got "r-a1b2c3d4e5"`,
			},
		},
		{
			name: "functions alone", change: func(p *Props) { p.LambdaFunctionARNs = list("arn:aws:lambda:*:123456789012:function:a-*") },
			want: []string{"LambdaFunctionARNs: must go with ForLambda, got functions alone"},
		},
		{
			// With the ARN of a role, as is often seen, nothing can be pulled.
			name: "a role as function", change: func(p *Props) { p.ForLambda, p.LambdaFunctionARNs = true, list(roleARN) },
			want: []string{`LambdaFunctionARNs[0]: must be the ARN of a Lambda function, got "` + roleARN + `"`},
		},
		{
			name: "statement with a resource", change: func(p *Props) {
				p.RepositoryPolicyStatements = []iam.Statement{{Actions: []string{"ecr:*"}, Resources: list("*")}}
			},
			want: []string{
				"RepositoryPolicyStatements[0].Resources: must not be set: the policy's resource is the one it is attached to, got 1",
				"RepositoryPolicyStatements[0].Principals: must not be empty, got nothing",
			},
		},
		{
			name: "the name of an own statement", change: func(p *Props) {
				p.PullPrincipals = list("123456789012")
				p.RepositoryPolicyStatements = []iam.Statement{statement[0]}
				p.RepositoryPolicyStatements[0].Sid = "Pull"
			},
			want: []string{`RepositoryPolicyStatements[0].Sid: must not repeat in a document, got "Pull"`},
		},
		{name: "670 accounts", change: func(p *Props) { p.PullPrincipals = accounts(670) }},
		{
			name: "671 accounts", change: func(p *Props) { p.PullPrincipals = accounts(671) },
			want: []string{"RepositoryPolicyStatements: must make a policy of at most 10240 bytes, with all principals, got 10251"},
		},
	})
}
