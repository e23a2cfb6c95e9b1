package lambda_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestURLWithIAM(t *testing.T) {
	s := one(t, func(p *lambda.Props) { p.URL = &lambda.FunctionURL{} })
	fn := found(s, "aws_lambda_function")[0]
	equal(t, "URL", map[string]any{
		"authorization_type": "AWS_IAM", "invoke_mode": "BUFFERED", "function_name": "${" + fn + ".function_name}",
	}, withoutComment(s.Only("aws_lambda_function_url")))
	equal(t, "permissions", 0, s.Kinds()["aws_lambda_permission"]+s.Kinds()["aws_cloudformation_stack"])
}

// TestPublicURL: exactly the two permissions, and none that lets everybody invoke
// the function itself.
func TestPublicURL(t *testing.T) {
	for _, tc := range []struct {
		name      string
		alias     *lambda.Alias
		target    string // of what the second permission is
		qualifier any
	}{
		{name: "function", target: "aws_lambda_function"},
		{name: "alias", alias: &lambda.Alias{Name: "live"}, target: "aws_lambda_alias"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) {
				p.URL, p.Alias = &lambda.FunctionURL{AuthType: lambda.AuthNone}, tc.alias
			})
			fn, target := found(s, "aws_lambda_function")[0], found(s, tc.target)[0]
			first := map[string]any{
				"action": "lambda:InvokeFunctionUrl", "function_name": "${" + fn + ".function_name}", "function_url_auth_type": "NONE",
				"principal": "*", "statement_id": "FunctionURLPublic",
			}
			if tc.alias != nil {
				first["qualifier"] = "${" + target + ".name}"
			}
			equal(t, "first permission", first, withoutComment(s.Only("aws_lambda_permission")))
			equal(t, "the URL's qualifier", first["qualifier"], s.Only("aws_lambda_function_url")["qualifier"])

			stack := s.Only("aws_cloudformation_stack")
			equal(t, "stack's name", any("orders-url-permission"), stack["name"])
			var template struct {
				Resources map[string]struct {
					Type       string
					Properties map[string]any
				}
			}
			if err := json.Unmarshal([]byte(stack["template_body"].(string)), &template); err != nil {
				t.Fatal(err)
			}
			equal(t, "resources of the stack", 1, len(template.Resources))
			second := template.Resources["InvokeViaURL"]
			equal(t, "type", "AWS::Lambda::Permission", second.Type)
			equal(t, "second permission", map[string]any{
				"Action": "lambda:InvokeFunction", "FunctionName": "${" + target + ".arn}", "InvokedViaFunctionUrl": true, "Principal": "*",
			}, second.Properties)
		})
	}
}

func TestNoPublicPermissionWithoutPublicURL(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.URL = &lambda.FunctionURL{AuthType: lambda.AuthIAM}
		p.Permissions = []lambda.Permission{{ID: "Org", Principal: new("*"), PrincipalOrgID: new("o-1234567890")}}
	})
	for name, permission := range s.Resources("aws_lambda_permission") {
		if permission["principal"] == "*" && permission["principal_org_id"] == nil {
			t.Errorf("%s lets everybody call: %v", name, permission)
		}
	}
}

func TestCORS(t *testing.T) {
	s := one(t, func(p *lambda.Props) { p.URL = &lambda.FunctionURL{CORS: &lambda.CORS{}} })
	equal(t, "the module's defaults", any(map[string]any{
		"allow_credentials": false, "allow_methods": []any{"*"}, "allow_origins": []any{"*"}, "max_age": 0.0,
	}), s.Only("aws_lambda_function_url")["cors"])
}

// withoutComment drops cdktf's own "//" from a resource.
func withoutComment(resource map[string]any) map[string]any {
	delete(resource, "//")
	return resource
}

func role(stack cdktf.TerraformStack, id string) iamrole.IamRole {
	return iamrole.NewIamRole(stack, &id, &iamrole.IamRoleConfig{Name: &id, AssumeRolePolicy: jsii.String("{}")})
}

func TestGrants(t *testing.T) {
	s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.Alias = &lambda.Alias{Name: "live"}
		fn := lambda.NewFunction(stack, "Orders", props)
		web, job := role(stack, "web"), role(stack, "job")
		first := fn.GrantInvoke(job)
		if again := fn.GrantInvoke(job); again != first {
			t.Error("a second grant made a second policy")
		}
		fn.GrantInvoke(web)
		fn.GrantInvokeURL(web)
	})
	fn := "${" + found(s, "aws_lambda_function")[0] + ".arn}"
	both := `"Resource":["` + fn + `","` + fn + `:*"]`
	invoke := `{"Effect":"Allow","Action":"lambda:InvokeFunction",` + both + `}`
	equal(t, "policies", 3, len(s.Resources("aws_iam_role_policy")))
	equal(t, "job", []string{invoke}, statements(t, s, "invoke-job"))
	equal(t, "web", []string{invoke}, statements(t, s, "invoke-web"))
	equal(t, "web by the URL", []string{
		`{"Effect":"Allow","Action":"lambda:InvokeFunctionUrl",` + both + `,"Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}}`,
		`{"Effect":"Allow","Action":"lambda:InvokeFunction",` + both + `,"Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}`,
	}, statements(t, s, "invoke-url-web"))
	equal(t, "the job's role", any("${aws_iam_role.job.name}"), s.Named("aws_iam_role_policy", "invoke-job")["role"])
	for _, name := range waits(s.Only("aws_lambda_function")) {
		if strings.Contains(name, "Grants") {
			t.Errorf("the function waits for %s", name)
		}
	}
}

// TestGrantsToTwoStacks: roles with one id in two stacks are two roles.
func TestGrantsToTwoStacks(t *testing.T) {
	stacks := synthtest.App(t, func(app cdktf.App) {
		stack := func(name string) cdktf.TerraformStack {
			s := cdktf.NewTerraformStack(app, &name)
			provider.NewAwsProvider(s, jsii.String("AWS"), &provider.AwsProviderConfig{})
			return s
		}
		fn := lambda.NewFunction(stack("orders"), "Orders", required())
		fn.GrantInvoke(role(stack("a"), "Web"))
		fn.GrantInvoke(role(stack("b"), "Web"))
	})
	equal(t, "policies", 2, len(stacks["orders"].Resources("aws_iam_role_policy")))
}
