package check

import (
	"strconv"
	"strings"
	"testing"
)

func TestARN(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{
		"arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a:b/*", "arn:aws:sqs:eu-central-1:123456789012:orders",
		"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:orders", "arn:aws-iso-b:s3:::b", "arn:aws:iam::aws:policy/A", token, "arn:" + token + ":a",
	} {
		want(t, arn, func(p *Problems) { p.ARN("F", &arn) })
	}
	for _, arn := range []string{
		"", "orders", "arn:aws:sqs", "arn:gcp:sqs:eu-central-1:123456789012:orders", "arn:aws:sqs:eu-central-1:123456789012:",
		"arn:aws:sqs:eu-central-1:123456789012:a b", " arn:aws:s3:::bucket", "arn:aws:s3:::bucket\n",
	} {
		want(t, arn, func(p *Problems) { p.ARN("F", &arn) }, "F: must be an ARN, got "+strconv.Quote(arn))
	}
	want(t, "nil", func(p *Problems) { p.ARN("F", nil) })
	sqs := new("arn:aws:sqs:eu-central-1:123456789012:orders")
	want(t, "one service", func(p *Problems) { p.ARN("F", sqs, "sqs") })
	want(t, "two services", func(p *Problems) { p.ARN("F", sqs, "sns", "sqs") })
	want(t, "another", func(p *Problems) { p.ARN("F", sqs, "sns") }, `F: must be an ARN of sns, got "`+*sqs+`"`)
	want(t, "others", func(p *Problems) { p.ARN("F", sqs, "sns", "s3") }, `F: must be an ARN of sns or s3, got "`+*sqs+`"`)
}

func TestIAMARNs(t *testing.T) {
	t.Parallel()
	const role, policy = "arn:aws:iam::123456789012:role/a/b", "arn:aws:iam::123456789012:policy/a/b"
	for _, tc := range []struct {
		arn          string
		role, policy bool
	}{
		{arn: role, role: true}, {arn: policy, policy: true}, {arn: "arn:aws-cn:iam::aws:policy/service-role/A", policy: true},
		{arn: "arn:aws:iam::aws:role/a"}, {arn: "arn:aws:iam::123456789012:role/"}, {arn: "arn:aws:iam::12345678901:role/a"},
		{arn: "arn:aws:sts::123456789012:role/a"}, {arn: "arn:aws:iam::123456789012:user/a"}, {arn: "a"}, {arn: ""},
		{arn: token, role: true, policy: true},
	} {
		var roles, policies []string
		if !tc.role {
			roles = []string{"F: must be the ARN of an IAM role, got " + strconv.Quote(tc.arn)}
		}
		if !tc.policy {
			policies = []string{"F: must be the ARN of a managed policy, got " + strconv.Quote(tc.arn)}
		}
		want(t, tc.arn+" as a role", func(p *Problems) { p.RoleARN("F", &tc.arn) }, roles...)
		want(t, tc.arn+" as a policy", func(p *Problems) { p.PolicyARN("F", &tc.arn) }, policies...)
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	never := func(string, *string) { t.Error("looked at an element that is known to be wrong") }
	want(t, "empty", func(p *Problems) { p.Elements("F", nil, never) })
	want(t, "nothing in it", func(p *Problems) { p.Elements("F", []*string{nil, new("")}, never) },
		"F[0]: must be set, got nothing", "F[1]: must be set, got nothing")
	var fields []string
	note := func(field string, _ *string) { fields = append(fields, field) }
	want(t, "again", func(p *Problems) { p.Elements("F", []*string{new("a"), new("b"), new("a"), new("a")}, note) },
		`F[2]: must not repeat F[0], got "a"`, `F[3]: must not repeat F[0], got "a"`)
	if got := strings.Join(fields, " "); got != "F[0] F[1]" {
		t.Errorf("looked at %s", got)
	}
	want(t, "no check", func(p *Problems) { p.Elements("F", []*string{new("a")}, nil) })
	want(t, "list tokens", func(p *Problems) {
		p.NoListTokens("F", []*string{nil, new("#{TfToken[TOKEN.1]}"), new(token), new("a")})
	}, "F[1]: must be one value, got a token for a whole list")
}

func TestRetention(t *testing.T) {
	t.Parallel()
	for _, days := range append([]int{RetentionForever}, retentionDays...) {
		want(t, strconv.Itoa(days), func(p *Problems) { p.Retention("F", days) })
	}
	for _, days := range []int{-2, 0, 2, 3652, 3654} {
		want(t, strconv.Itoa(days), func(p *Problems) { p.Retention("F", days) },
			"F: must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 or RetainForever, got "+
				strconv.Itoa(days))
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	many := func(n int) map[string]*string {
		tags := map[string]*string{}
		for i := range n {
			tags["t"+strconv.Itoa(i)] = new("")
		}
		return tags
	}
	want(t, "50", func(p *Problems) { p.Tags("F", many(50), 0) })
	want(t, "48 and 2", func(p *Problems) { p.Tags("F", many(48), 2) })
	want(t, "49 and 2", func(p *Problems) { p.Tags("F", many(49), 2) }, "F: must have at most 48 tags, 2 of AWS's 50 being the construct's own, got 49")
	want(t, "each", func(p *Problems) {
		p.Tags("F", map[string]*string{"": new(""), "AWS:x": new(""), "b": nil, "c": new(strings.Repeat("a", 257)), "d": new(token), token: new("")}, 0)
	},
		`F[""]: must have a key of 1 to 128 characters, got 0`,
		`F["${TfToken[TOKEN.1]}"]: must have a key known at synth, got a Terraform token`,
		`F["AWS:x"]: must not begin with aws:, which is AWS's own, got "AWS:x"`,
		`F["b"]: must have a value, got nothing`,
		`F["c"]: must have a value of at most 256 characters, got 257`)
}

func TestAccountID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"123456789012", "000000000000", token} {
		want(t, id, func(p *Problems) { p.AccountID("F", &id) })
	}
	for _, id := range []string{"", "12345678901", "1234567890123", "12345678901a"} {
		want(t, id, func(p *Problems) { p.AccountID("F", &id) }, "F: must be an account id of 12 digits, got "+strconv.Quote(id))
	}
	want(t, "nil", func(p *Problems) { p.AccountID("F", nil) })
}

func TestRoleNameAndPath(t *testing.T) {
	t.Parallel()
	want(t, "name", func(p *Problems) { p.RoleName("F", strings.Repeat("a", 64)) })
	want(t, "long name", func(p *Problems) { p.RoleName("F", strings.Repeat("a", 65)) },
		`F: must have 1 to 64 characters, got 65 in "`+strings.Repeat("a", 60)+`"…`)
	want(t, "slash", func(p *Problems) { p.RoleName("F", "a/b") }, `F: must be letters, digits and +=,.@_-, got "a/b"`)
	want(t, "path", func(p *Problems) { p.RolePath("F", "/a/b/") })
	want(t, "root", func(p *Problems) { p.RolePath("F", "/") })
	want(t, "two slashes", func(p *Problems) { p.RolePath("F", "//") }, `F: must be a path that begins and ends with /, got "//"`)
}
