package lambda

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/role"
)

// grants are what other roles may do with the function.
type grants struct {
	node constructs.Construct
	made map[string]iamrolepolicy.IamRolePolicy
}

const maxPolicyName = 128

// GrantInvoke lets a role call the function, its versions and its aliases. The
// permission is a policy of that role; a second call for the same role returns
// the policy of the first.
func (f *Function) GrantInvoke(grantee iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return f.grant("invoke", grantee, iam.Statement{
		Actions:   []string{"lambda:InvokeFunction"},
		Resources: f.withVersions(),
	})
}

// GrantInvokeURL lets a role call the function through its URL, and only so: the
// URL needs both actions, the second one only for calls that come by the URL.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
func (f *Function) GrantInvokeURL(grantee iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return f.grant("invoke-url", grantee,
		iam.Statement{
			Actions:   []string{"lambda:InvokeFunctionUrl"},
			Resources: f.withVersions(),
			Conditions: []iam.Condition{{
				Operator: "StringEquals", Key: "lambda:FunctionUrlAuthType", Values: jsiiStrings(string(AuthIAM)),
			}},
		},
		iam.Statement{
			Actions:   []string{"lambda:InvokeFunction"},
			Resources: f.withVersions(),
			Conditions: []iam.Condition{{
				Operator: "Bool", Key: "lambda:InvokedViaFunctionUrl", Values: jsiiStrings("true"),
			}},
		})
}

func (f *Function) grant(verb string, grantee iamrole.IamRole, statements ...iam.Statement) iamrolepolicy.IamRolePolicy {
	if f.grants == nil {
		f.grants = &grants{
			node: constructs.NewConstruct(f, jsii.String("Grants")),
			made: map[string]iamrolepolicy.IamRolePolicy{},
		}
	}
	// The path tells apart also the roles of two stacks.
	id := verb + "-" + *grantee.Node().Id() + "-" + check.ShortHash(*grantee.Node().Path())
	if policy, again := f.grants.made[id]; again {
		return policy
	}
	policy := iamrolepolicy.NewIamRolePolicy(f.grants.node, jsii.String(id), &iamrolepolicy.IamRolePolicyConfig{
		Name:   jsii.String(check.FitName(verb+"-"+f.settings.name, "", maxPolicyName)),
		Role:   grantee.Name(),
		Policy: jsii.String(iam.Render(statements...)),
	})
	f.grants.made[id] = policy
	return policy
}

// withVersions are the function itself and all its versions and aliases.
func (f *Function) withVersions() []*string {
	return []*string{f.fn.Arn(), jsii.String(*f.fn.Arn() + ":*")}
}

// schedulerRole returns the role that EventBridge Scheduler calls the function
// as, made with the first schedule. Only this account's Scheduler may take it.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
func (f *Function) schedulerRole() *schedulerRole {
	if f.scheduler != nil {
		return f.scheduler
	}
	// A node of its own: next to the schedules, one called "Role" would collide.
	scope := constructs.NewConstruct(f, jsii.String("Scheduler"))
	// The function's own ARN names the account: no data source, and right also
	// with a provider for another account.
	account := cdktf.Token_AsString(cdktf.Fn_Element(cdktf.Fn_Split(jsii.String(":"), f.fn.Arn()), jsii.Number(4)), nil)
	trust := role.ServiceTrust("scheduler.amazonaws.com")
	trust.Conditions = []iam.Condition{{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []*string{account}}}
	name := check.DerivedRoleName(f.settings.name, "-scheduler-role")
	made := iamrole.NewIamRole(scope, jsii.String("Role"), &iamrole.IamRoleConfig{
		Name:             jsii.String(name),
		AssumeRolePolicy: jsii.String(iam.Render(trust)),
		Tags:             f.tags(name),
	})
	f.scheduler = &schedulerRole{
		role: made,
		policy: iamrolepolicy.NewIamRolePolicy(scope, jsii.String("Policy"), &iamrolepolicy.IamRolePolicyConfig{
			Name:   jsii.String("invoke"),
			Role:   made.Name(),
			Policy: jsii.String(iam.Render(iam.Statement{Actions: []string{"lambda:InvokeFunction"}, Resources: f.withVersions()})),
		}),
	}
	return f.scheduler
}

func jsiiStrings(values ...string) []*string { return *jsii.Strings(values...) }
