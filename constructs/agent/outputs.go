package agent

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsecrimage"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsecrrepository"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrlifecyclepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrrepository"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrrepositorypolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// RepositoryURL returns the repository's URL, without scheme and tag:
// "123456789012.dkr.ecr.eu-central-1.amazonaws.com/coordinator-agent".
func (a *Agent) RepositoryURL() *string {
	if a.repository == nil {
		return a.existing.RepositoryUrl()
	}
	return a.repository.RepositoryUrl()
}

// RepositoryARN returns the repository's ARN.
func (a *Agent) RepositoryARN() *string {
	if a.repository == nil {
		return a.existing.Arn()
	}
	return a.repository.Arn()
}

// RepositoryName returns the repository's name.
func (a *Agent) RepositoryName() *string {
	if a.repository == nil {
		return a.existing.Name()
	}
	return a.repository.Name()
}

// RegistryID returns the account that the repository is in.
func (a *Agent) RegistryID() *string {
	if a.repository == nil {
		return a.existing.RegistryId()
	}
	return a.repository.RegistryId()
}

// ImageURI returns the image by its tag. What uses it waits for the push.
func (a *Agent) ImageURI() *string { return jsii.String(*a.pushedURL() + ":" + a.tag) }

// ImageDigestURI returns the image by its digest, "…@sha256:…", which names one
// content for good. What uses it waits for the push, and is deployed again when
// the image changes. The digest of a GoPackage is known at synth, that of a
// Dockerfile after the push.
func (a *Agent) ImageDigestURI() *string {
	if a.image.digest != "" {
		return jsii.String(*a.pushedURL() + "@" + a.image.digest)
	}
	return jsii.String(*a.RepositoryURL() + "@" + *a.pushed().ImageDigest())
}

// ImageDigest returns the image's digest, "sha256:…".
func (a *Agent) ImageDigest() *string {
	if a.image.digest != "" {
		return jsii.String(a.image.digest)
	}
	return a.pushed().ImageDigest()
}

// ImageTag returns the tag that the image is pushed as.
func (a *Agent) ImageTag() *string { return jsii.String(a.tag) }

// BuildTriggerHash returns the SHA-256 of the image's content, in hexadecimal:
// the image is built again when it changes. It is nil without a Source.
func (a *Agent) BuildTriggerHash() *string {
	if a.settings.source == nil {
		return nil
	}
	return jsii.String(a.image.hash)
}

// ECRLoginCommand returns the command that logs Docker in to the registry.
func (a *Agent) ECRLoginCommand() *string {
	return jsii.String("aws ecr get-login-password --region " + *a.region() +
		" | docker login --username AWS --password-stdin " + *a.registryHost())
}

// LogGroupName returns the name of the log group, nil without CreateLogGroup.
func (a *Agent) LogGroupName() *string {
	if a.logGroup == nil {
		return nil
	}
	return a.logGroup.Name()
}

// LogGroupARN returns the ARN of the log group, nil without CreateLogGroup.
func (a *Agent) LogGroupARN() *string {
	if a.logGroup == nil {
		return nil
	}
	return a.logGroup.Arn()
}

// RoleARN returns the ARN of the role, nil without CreateRole.
func (a *Agent) RoleARN() *string {
	if a.role == nil {
		return nil
	}
	return a.role.ARN()
}

// RoleName returns the name of the role, nil without CreateRole.
func (a *Agent) RoleName() *string {
	if a.role == nil {
		return nil
	}
	return a.role.Name()
}

// Resources are the resources behind an agent, for what the props do not offer:
// AddOverride, ImportFrom, a lifecycle. A field is nil when the agent has no such
// resource.
type Resources struct {
	Repository         ecrrepository.EcrRepository
	ExistingRepository dataawsecrrepository.DataAwsEcrRepository
	LifecyclePolicy    ecrlifecyclepolicy.EcrLifecyclePolicy
	RepositoryPolicy   ecrrepositorypolicy.EcrRepositoryPolicy
	Build              cdktf.TerraformResource         // terraform_data
	Image              dataawsecrimage.DataAwsEcrImage // once the digest was asked for
	LogGroup           cloudwatchloggroup.CloudwatchLogGroup
	Role               iamrole.IamRole
	PolicyAttachments  []iamrolepolicyattachment.IamRolePolicyAttachment
	RolePolicies       []iamrolepolicy.IamRolePolicy
}

// Resources returns the resources behind the agent.
func (a *Agent) Resources() Resources {
	r := Resources{
		Repository:         a.repository,
		ExistingRepository: a.existing,
		LifecyclePolicy:    a.lifecycle,
		RepositoryPolicy:   a.policy,
		Build:              a.build,
		Image:              a.digest,
		LogGroup:           a.logGroup,
	}
	if a.role != nil {
		r.Role, r.PolicyAttachments, r.RolePolicies = a.role.Resource(), a.role.Attachments(), a.role.Policies()
	}
	return r
}
