package agent

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// grants are what other roles may do with the repository.
type grants struct {
	node constructs.Construct
	made map[string]iamrolepolicy.IamRolePolicy
}

const maxPolicyName = 128

// GrantPull lets a role of this account pull the image, as the execution role of
// an ECS task has to. The permission is a policy of that role; a second call for
// the same role returns the policy of the first.
func (a *Agent) GrantPull(grantee iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return a.grant("pull", grantee, pullActions)
}

// GrantPush lets a role of this account pull and push, as a CI job has to when
// BuildDisabled leaves the push to it. See GrantPull.
func (a *Agent) GrantPush(grantee iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return a.grant("push", grantee, pushActions)
}

func (a *Agent) grant(verb string, grantee iamrole.IamRole, actions []string) iamrolepolicy.IamRolePolicy {
	if a.grants == nil {
		a.grants = &grants{
			node: constructs.NewConstruct(a, jsii.String("Grants")),
			made: map[string]iamrolepolicy.IamRolePolicy{},
		}
	}
	id := verb + "-" + *grantee.FriendlyUniqueId()
	if policy, again := a.grants.made[id]; again {
		return policy
	}
	policy := iamrolepolicy.NewIamRolePolicy(a.grants.node, jsii.String(id), &iamrolepolicy.IamRolePolicyConfig{
		Name: jsii.String(check.FitName(verb+"-"+a.settings.roleLabel, "", maxPolicyName)),
		Role: grantee.Name(),
		Policy: jsii.String(iam.Render(
			// Logging in is to the registry; this action knows no repository.
			// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
			iam.Statement{Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []*string{jsii.String("*")}},
			iam.Statement{Actions: actions, Resources: []*string{a.RepositoryARN()}},
		)),
	})
	a.grants.made[id] = policy
	return policy
}
