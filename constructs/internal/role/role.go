// Package role builds the IAM role of a construct: trust, managed policies,
// an inline document and typed statements.
//
// A managed policy's attachment has an id made from the policy itself, so that
// removing one from a list leaves the others alone.
//
// What a construct may do is the construct's business; this package only writes it.
package role

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Options describe a role of a construct's own.
type Options struct {
	Name                string
	Path                string  // default: IAM's, "/"
	PermissionsBoundary *string // default: none
	Trust               []iam.Statement
	Tags                map[string]*string
}

// Role is the role of one construct.
type Role struct {
	owner    constructs.Construct
	resource iamrole.IamRole // nil for a given role
	arn      *string
	name     *string // nil for a given role that nothing may be added to
	literal  string  // the name as far as synth knows it, for the names of policies

	attachments *attachments
	waits       []cdktf.ITerraformDependable
	policies    []iamrolepolicy.IamRolePolicy
	added       *added
}

// New defines the role in owner, with the construct id "Role".
func New(owner constructs.Construct, o Options) *Role {
	config := &iamrole.IamRoleConfig{
		Name:                jsii.String(o.Name),
		AssumeRolePolicy:    jsii.String(iam.Render(o.Trust...)),
		PermissionsBoundary: o.PermissionsBoundary,
		Tags:                tags(o.Tags),
	}
	if o.Path != "" {
		config.Path = jsii.String(o.Path)
	}
	resource := iamrole.NewIamRole(owner, jsii.String("Role"), config)
	return &Role{owner: owner, resource: resource, arn: resource.Arn(), name: resource.Name(), literal: o.Name}
}

// Given stands for a role made elsewhere. Policies are added to it only when
// its name is given; label is what the names of these policies begin with.
func Given(owner constructs.Construct, arn, name *string, label string) *Role {
	return &Role{owner: owner, arn: arn, name: name, literal: label}
}

// ARN returns the role's ARN.
func (r *Role) ARN() *string { return r.arn }

// Name returns the role's name, nil for a given role whose name was not given.
func (r *Role) Name() *string { return r.name }

// Resource returns the role's resource, nil for a given role.
func (r *Role) Resource() iamrole.IamRole { return r.resource }

// Attachments returns the attachments of managed policies.
func (r *Role) Attachments() []iamrolepolicyattachment.IamRolePolicyAttachment {
	if r.attachments == nil {
		return nil
	}
	return r.attachments.list
}

// Policies returns the inline policies.
func (r *Role) Policies() []iamrolepolicy.IamRolePolicy { return r.policies }

// Waits returns what has to exist before whatever runs under the role starts.
func (r *Role) Waits() []cdktf.ITerraformDependable { return r.waits }

// Inline adds a policy document under the construct id and the name given.
func (r *Role) Inline(id, name string, document *string) {
	if r.name == nil {
		return
	}
	r.waits = append(r.waits, r.policy(id, name, document))
}

func (r *Role) policy(id, name string, document *string) iamrolepolicy.IamRolePolicy {
	p := iamrolepolicy.NewIamRolePolicy(r.owner, jsii.String(id), &iamrolepolicy.IamRolePolicyConfig{
		Name:   jsii.String(name),
		Role:   r.name,
		Policy: document,
	})
	r.policies = append(r.policies, p)
	return p
}

// maxPolicyName is IAM's. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
const maxPolicyName = 128

// Statements adds the statements that are known when the construct is defined,
// as one policy that the construct waits for.
func (r *Role) Statements(statements []iam.Statement) {
	if len(statements) == 0 {
		return
	}
	r.Inline("ExecutionPolicy", check.FitName(r.literal, "-execution", maxPolicyName), jsii.String(iam.Render(statements...)))
}

// Added returns the statements that came later, so far.
func (r *Role) Added() []iam.Statement {
	if r.added == nil {
		return nil
	}
	return r.added.statements
}

// added is the policy of the statements that came later.
type added struct {
	statements []iam.Statement
	policy     iamrolepolicy.IamRolePolicy
}

// Add adds statements to the policy of those that came after the construct was
// defined. Nothing waits for that policy, so its resources may depend on the
// construct itself. It reports whether the role takes policies at all.
func (r *Role) Add(statements ...iam.Statement) bool {
	if r.name == nil {
		return false
	}
	if len(statements) == 0 {
		return true
	}
	if r.added == nil {
		r.added = &added{}
	}
	r.added.statements = append(r.added.statements, statements...)
	document := jsii.String(iam.Render(r.added.statements...))
	if r.added.policy == nil {
		r.added.policy = r.policy("AddedPolicy", check.FitName(r.literal, "-added", maxPolicyName), document)
	} else {
		r.added.policy.SetPolicy(document)
	}
	return true
}

// ServiceTrust is the trust policy for services.
func ServiceTrust(services ...string) iam.Statement {
	identifiers := make([]*string, len(services))
	for i, s := range services {
		identifiers[i] = jsii.String(s)
	}
	return iam.Statement{
		Actions:    []string{"sts:AssumeRole"},
		Principals: []iam.Principal{{Type: "Service", Identifiers: identifiers}},
	}
}

func tags(m map[string]*string) *map[string]*string {
	if len(m) == 0 {
		return nil
	}
	return &m
}
