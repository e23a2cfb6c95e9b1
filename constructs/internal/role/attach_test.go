package role

import (
	"testing"

	"github.com/aegis-agents/aegis/constructs/iam"
)

// What a role makes of policies is tested through a function's, in
// constructs/lambda: each package that synthesizes starts a Node of its own.

func TestAWSPolicyName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		arn, want string
		ok        bool
	}{
		{arn: "arn:aws:iam::aws:policy/ReadOnlyAccess", want: "ReadOnlyAccess", ok: true},
		{arn: "arn:aws-cn:iam::aws:policy/service-role/A", want: "service-role/A", ok: true},
		{arn: "arn:aws:iam::123456789012:policy/ReadOnlyAccess"},
		{arn: "arn:aws:iam::aws:policy/"},
		{arn: "${TfToken[TOKEN.1]}"},
	} {
		if got, ok := awsPolicyName(tc.arn); got != tc.want || ok != tc.ok {
			t.Errorf("%s: got %q, %v, want %q, %v", tc.arn, got, ok, tc.want, tc.ok)
		}
	}
}

func TestServiceTrust(t *testing.T) {
	t.Parallel()
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` +
		`{"Service":["ecs-tasks.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`
	if got := iam.Render(ServiceTrust("ecs-tasks.amazonaws.com", "lambda.amazonaws.com")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
