package lambda_test

import (
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// addresses are all resources of a stack with what they say, but for depends_on.
func addresses(s *synthtest.Template) map[string]map[string]any {
	all := map[string]map[string]any{}
	for kind := range s.Kinds() {
		for name, body := range s.Resources(kind) {
			delete(body, "depends_on")
			all[kind+"."+name] = body
		}
	}
	return all
}

// TestManagedPoliciesKeepTheirPlace: removing the first of three policies takes
// away its attachment and changes no other resource.
func TestManagedPoliciesKeepTheirPlace(t *testing.T) {
	literal := []*string{new(policyARN + "-a"), new(policyARN + "-b"), new(policyARN + "-c")}
	for _, tc := range []struct {
		name string
		arns func(stack cdktf.TerraformStack, first bool) []*string
	}{
		{name: "literal", arns: func(_ cdktf.TerraformStack, first bool) []*string {
			if first {
				return literal
			}
			return literal[1:]
		}},
		{name: "unknown until apply", arns: func(stack cdktf.TerraformStack, first bool) []*string {
			var list []*string
			for _, id := range []string{"A", "B", "C"} {
				policy := iampolicy.NewIamPolicy(stack, &id, &iampolicy.IamPolicyConfig{Name: &id, Policy: jsii.String("{}")})
				if id != "A" || first {
					list = append(list, policy.Arn()) // each one a new token, with the next number
				}
			}
			return list
		}},
		{name: "a part unknown", arns: func(stack cdktf.TerraformStack, first bool) []*string {
			variable := cdktf.NewTerraformVariable(stack, jsii.String("account"), &cdktf.TerraformVariableConfig{Type: jsii.String("string")})
			var list []*string
			for _, id := range []string{"a", "b", "c"} {
				if id != "a" || first {
					list = append(list, jsii.String("arn:aws:iam::"+*variable.StringValue()+":policy/"+id))
				}
			}
			return list
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synth := func(first bool) map[string]map[string]any {
				return addresses(synthtest.Stack(t, func(stack cdktf.TerraformStack) {
					props := required()
					props.ManagedPolicyARNs = tc.arns(stack, first)
					lambda.NewFunction(stack, "Orders", props)
				}))
			}
			three, two := synth(true), synth(false)
			var gone []string
			for address, body := range three {
				if two[address] == nil {
					gone = append(gone, address)
					delete(three, address)
					equal(t, "the attachment's keys", 3, len(body)) // its path, role and policy
				}
			}
			if len(gone) != 1 {
				t.Errorf("gone: got %q, want one attachment", gone)
			}
			equal(t, "all other resources", three, two)
		})
	}
}

func TestManagedPolicyOnce(t *testing.T) {
	s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		policy := iampolicy.NewIamPolicy(stack, jsii.String("Policy"), &iampolicy.IamPolicyConfig{Policy: jsii.String("{}")})
		props := required()
		props.ManagedPolicyARNs = []*string{
			policy.Arn(), policy.Arn(), // two tokens of one value
			jsii.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"), // attached anyway
		}
		lambda.NewFunction(stack, "Orders", props)
	})
	equal(t, "attachments", 2, len(s.Resources("aws_iam_role_policy_attachment")))
}

func TestAddToRolePolicy(t *testing.T) {
	s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		fn := lambda.NewFunction(stack, "Orders", required())
		one := iam.Statement{Sid: "One", Actions: []string{"lambda:GetFunction"}, Resources: []*string{fn.ARN()}}
		fn.AddToRolePolicy()
		fn.AddToRolePolicy(one)
		fn.AddToRolePolicy(
			iam.Statement{Sid: "Two", Actions: []string{"s3:ListAllMyBuckets"}, Resources: []*string{new("*")}},
			one, // written once
		)
	})
	policy := s.Only("aws_iam_role_policy")
	equal(t, "statements", []string{
		`{"Sid":"One","Effect":"Allow","Action":"lambda:GetFunction","Resource":"${aws_lambda_function.Orders_A9B65338.arn}"}`,
		`{"Sid":"Two","Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}`,
	}, split(t, policy["policy"]))
	equal(t, "name", "orders-role-added", policy["name"])
	equal(t, "the function waits for", found(s, "aws_cloudwatch_log_group", "aws_iam_role_policy_attachment"), waits(s.Only("aws_lambda_function")))
}

func TestExistingRole(t *testing.T) {
	extra := func(p *lambda.Props) {
		p.ExistingRoleARN = new(roleARN)
		p.TracingMode = lambda.Active
	}
	t.Run("without its name nothing is added", func(t *testing.T) {
		s := one(t, extra)
		equal(t, "role", roleARN, s.Only("aws_lambda_function")["role"])
		equal(t, "resources", map[string]int{"aws_cloudwatch_log_group": 1, "aws_lambda_function": 1}, s.Kinds())
	})
	t.Run("with its name", func(t *testing.T) {
		s := one(t, func(p *lambda.Props) {
			extra(p)
			p.ExistingRoleName = new("given")
			p.ManagedPolicyARNs = []*string{new(policyARN)}
			p.InlinePolicy = new("{}")
		})
		equal(t, "resources", map[string]int{
			"aws_cloudwatch_log_group": 1, "aws_lambda_function": 1, "aws_iam_role_policy": 2, "aws_iam_role_policy_attachment": 2,
		}, s.Kinds())
		equal(t, "attached", []string{"AWSLambdaBasicExecutionRole", "orders"}, attached(s))
		for _, kind := range []string{"aws_iam_role_policy", "aws_iam_role_policy_attachment"} {
			for name, body := range s.Resources(kind) {
				equal(t, name, "given", body["role"])
			}
		}
		equal(t, "the function waits for", append(found(s, "aws_cloudwatch_log_group"), policies(s)...), waits(s.Only("aws_lambda_function")))
	})
	t.Run("outputs", func(t *testing.T) {
		synthtest.Stack(t, func(stack cdktf.TerraformStack) {
			props := required()
			props.ExistingRoleARN = new(roleARN)
			fn := lambda.NewFunction(stack, "Orders", props)
			if name := fn.RoleName(); name != nil {
				t.Errorf("RoleName: got %q, want nil", *name)
			}
			equal(t, "RoleARN", roleARN, *fn.RoleARN())
			if r := fn.Resources(); r.Role != nil || r.PolicyAttachments != nil || r.RolePolicies != nil {
				t.Errorf("Resources: got %v, want no role", r)
			}
		})
	})
}
