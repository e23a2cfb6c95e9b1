package lambda_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

const (
	account   = "123456789012"
	queueARN  = "arn:aws:sqs:eu-central-1:123456789012:orders"
	topicARN  = "arn:aws:sns:eu-central-1:123456789012:orders"
	keyARN    = "arn:aws:kms:eu-central-1:123456789012:key/1"
	secretARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:api-AbCdEf"
	roleARN   = "arn:aws:iam::123456789012:role/given"
	policyARN = "arn:aws:iam::123456789012:policy/orders"
)

// one synthesizes one function, called Orders, with the required props changed.
func one(t *testing.T, change func(p *lambda.Props)) *synthtest.Template {
	t.Helper()
	return synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		if change != nil {
			change(&props)
		}
		lambda.NewFunction(stack, "Orders", props)
	})
}

// equal compares what was written with what was wanted.
func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// names are the resources of a type, sorted.
func names(s *synthtest.Template, kind string) []string {
	return slices.Sorted(maps.Keys(s.Resources(kind)))
}

// statements are those of the policies of roles whose name contains part, as JSON.
func statements(t *testing.T, s *synthtest.Template, part string) []string {
	t.Helper()
	var all []string
	for _, name := range names(s, "aws_iam_role_policy") {
		if strings.Contains(name, part) {
			all = append(all, split(t, s.Resources("aws_iam_role_policy")[name]["policy"])...)
		}
	}
	return all
}

// split returns the statements of a document.
func split(t *testing.T, document any) []string {
	t.Helper()
	var parsed struct{ Statement []json.RawMessage }
	text, _ := document.(string)
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatalf("policy %q: %v", text, err)
	}
	all := make([]string, len(parsed.Statement))
	for i, s := range parsed.Statement {
		all[i] = string(s)
	}
	return all
}

// attached are the managed policies of the stack's roles, without the partition.
func attached(s *synthtest.Template) []string {
	var all []string
	for _, attachment := range s.Resources("aws_iam_role_policy_attachment") {
		arn, _ := attachment["policy_arn"].(string)
		all = append(all, arn[strings.LastIndex(arn, "/")+1:])
	}
	slices.Sort(all)
	return all
}

// waits are what a resource depends on, sorted.
func waits(resource map[string]any) []string {
	list, _ := resource["depends_on"].([]any)
	all := make([]string, len(list))
	for i, name := range list {
		all[i], _ = name.(string)
	}
	slices.Sort(all)
	return all
}

// found are the addresses of the resources of some types.
func found(s *synthtest.Template, kinds ...string) []string {
	var all []string
	for _, kind := range kinds {
		for _, name := range names(s, kind) {
			all = append(all, kind+"."+name)
		}
	}
	return all
}

// policies are the addresses of all that gives the stack's roles permissions.
func policies(s *synthtest.Template) []string {
	return found(s, "aws_iam_role_policy", "aws_iam_role_policy_attachment")
}
