package lambda

import "testing"

func TestValidatePermissions(t *testing.T) {
	t.Parallel()
	permission := func(m Permission) func(p *Props) {
		return func(p *Props) {
			if m.ID == "" {
				m.ID = "Call"
			}
			if m.Principal == nil {
				m.Principal = new(accountID)
			}
			p.Permissions = []Permission{m}
		}
	}
	id := func(id string) func(p *Props) { return permission(Permission{ID: id}) }
	action := func(action string) func(p *Props) { return permission(Permission{Action: action}) }
	const (
		at         = "Permissions[0]."
		characters = at + "ID: must be letters, digits, - and _, got "
		taken      = at + "ID: must not be one that schedules or the URL take, got "
		actions    = at + `Action: must be "lambda:" and an action, got `
	)
	runChanges(t, []change{
		{name: "id of 1 character", change: id("a")},
		{name: "id of 100 characters", change: id(times("a", 100))},
		{name: "id of 101 characters", change: id(times("a", 101)), want: []string{at + `ID: must have 1 to 100 characters, got 101 in "` + times("a", 60) + `"…`}},
		{name: "every kind of character", change: id("Az09-_")},
		{name: "dot", change: id("a.b"), want: []string{characters + `"a.b"`}},
		{name: "token", change: id(token), want: []string{at + "ID: must be known at synth, got a Terraform token"}},
		{name: "a schedule's id", change: id("AllowExecutionFromCloudWatch"), want: []string{taken + `"AllowExecutionFromCloudWatch"`}},
		{name: "another schedule's id", change: id("AllowExecutionFromCloudWatch-b"), want: []string{taken + `"AllowExecutionFromCloudWatch-b"`}},
		{name: "the URL's id", change: id("FunctionURLPublic"), want: []string{taken + `"FunctionURLPublic"`}},
		{name: "the provider's id", change: id("FunctionURLAllowPublicAccess"), want: []string{taken + `"FunctionURLAllowPublicAccess"`}},
		{name: "like the URL's id", change: id("FunctionURLPublic2")},
		{
			name: "nothing", change: func(p *Props) { p.Permissions = []Permission{{}} },
			want: []string{at + "ID: must be set, got nothing", at + "Principal: must be set, got nothing"},
		},
		{
			name: "the same id twice", change: func(p *Props) {
				p.Permissions = []Permission{{ID: "a", Principal: new(accountID)}, {ID: "b", Principal: new(accountID)}, {ID: "a", Principal: new(accountID)}}
			},
			want: []string{`Permissions[2].ID: must not repeat Permissions[0], got "a"`},
		},
		{name: "action", change: action("lambda:InvokeFunctionUrl")},
		{name: "any action", change: action("lambda:*")},
		{name: "action of others", change: action("s3:GetObject"), want: []string{actions + `"s3:GetObject"`}},
		{name: "action without service", change: action("InvokeFunction"), want: []string{actions + `"InvokeFunction"`}},
		{
			name: "all else wrong", change: permission(Permission{
				Principal: new("a b"), SourceARN: new("bucket"), SourceAccount: new("1"), PrincipalOrgID: new("r-1234567890"), EventSourceToken: new("a b"),
			}),
			want: []string{
				at + `SourceARN: must be an ARN, got "bucket"`,
				at + `SourceAccount: must be an account id of 12 digits, got "1"`,
				at + `PrincipalOrgID: must be "o-" and 10 to 32 letters and digits, got "r-1234567890"`,
				at + `EventSourceToken: must be letters, digits and ._-, got "a b"`,
				at + `Principal: must be without white space, got "a b"`,
			},
		},
		{name: "account of 12 digits", change: permission(Permission{SourceAccount: new("000000000001")})},
		{name: "account of 13 digits", change: permission(Permission{SourceAccount: new("0123456789012")}), want: []string{at + `SourceAccount: must be an account id of 12 digits, got "0123456789012"`}},
		{name: "organization of 10", change: permission(Permission{PrincipalOrgID: new("o-" + times("a1", 10))})},
		{name: "organization of 32", change: permission(Permission{PrincipalOrgID: new("o-" + times("a1", 32))})},
		{
			name: "organization of 9", change: permission(Permission{PrincipalOrgID: new("o-123456789")}),
			want: []string{at + `PrincipalOrgID: must be "o-" and 10 to 32 letters and digits, got "o-123456789"`},
		},
		{
			name: "organization of 33", change: permission(Permission{PrincipalOrgID: new("o-" + times("1", 33))}),
			want: []string{at + `PrincipalOrgID: must be "o-" and 10 to 32 letters and digits, got "o-` + times("1", 33) + `"`},
		},
		{name: "token of 256 characters", change: permission(Permission{EventSourceToken: new(times("a", 256))})},
		{
			name: "token of 257 characters", change: permission(Permission{EventSourceToken: new(times("a", 257))}),
			want: []string{at + `EventSourceToken: must have 1 to 256 characters, got 257 in "` + times("a", 60) + `"…`},
		},
	})
}

func TestValidatePrincipal(t *testing.T) {
	t.Parallel()
	const (
		bucket  = "arn:aws:s3:::uploads"
		rule    = "arn:aws:events:eu-central-1:123456789012:rule/a"
		org     = "o-1234567890"
		anybody = `Permissions[0].Principal: must not be "*" without PrincipalOrgID: every AWS account could call, got "*"`
		s3      = "Permissions[0].SourceAccount: must be set for S3: a bucket's ARN names no account, got nothing"
	)
	unbound := func(service string) []string {
		return []string{"Permissions[0].SourceARN: must be set, or SourceAccount or PrincipalOrgID, since the service " + quote(service) +
			" could be made to call for anybody, got nothing"}
	}
	m := func(principal string, m Permission) func(p *Props) {
		return func(p *Props) {
			m.ID, m.Principal = "Call", &principal
			p.Permissions = []Permission{m}
		}
	}
	runChanges(t, []change{
		{name: "account", change: m(accountID, Permission{})},
		{name: "role", change: m(roleARN, Permission{})},
		{name: "token", change: m(token, Permission{})},
		{name: "empty", change: m("", Permission{}), want: []string{"Permissions[0].Principal: must be set, got nothing"}},
		{name: "everybody", change: m("*", Permission{}), want: []string{anybody}},
		{name: "everybody of an account", change: m("*", Permission{SourceAccount: new(accountID)}), want: []string{anybody}},
		{name: "everybody of an organization", change: m("*", Permission{PrincipalOrgID: new(org)})},
		{name: "S3", change: m("s3.amazonaws.com", Permission{}), want: []string{s3}},
		{name: "S3 with the bucket", change: m("s3.amazonaws.com", Permission{SourceARN: new(bucket)}), want: []string{s3}},
		{name: "S3 with the bucket and the account", change: m("s3.amazonaws.com", Permission{SourceARN: new(bucket), SourceAccount: new(accountID)})},
		{name: "S3 with tokens", change: m("s3.amazonaws.com", Permission{SourceARN: new(token), SourceAccount: new(token)})},
		{name: "service", change: m("events.amazonaws.com", Permission{}), want: unbound("events.amazonaws.com")},
		{name: "service in China", change: m("events.amazonaws.com.cn", Permission{}), want: unbound("events.amazonaws.com.cn")},
		{name: "service with an ARN", change: m("events.amazonaws.com", Permission{SourceARN: new(rule)})},
		{name: "service with an account", change: m("events.amazonaws.com", Permission{SourceAccount: new(accountID)})},
		{name: "service with an organization", change: m("events.amazonaws.com", Permission{PrincipalOrgID: new(org)})},
		{name: "service with a token", change: m("events.amazonaws.com", Permission{SourceARN: new(token)})},
		{name: "Alexa", change: m("alexa-appkit.amazon.com", Permission{}), want: unbound("alexa-appkit.amazon.com")},
		{name: "Alexa with a skill", change: m("alexa-appkit.amazon.com", Permission{EventSourceToken: new("amzn1.ask.skill.1")})},
	})
}
