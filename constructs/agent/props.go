package agent

import "github.com/aegis-agents/aegis/constructs/iam"

// Props describe an agent. Plain values are read at synth and checked; a *string
// may be a Terraform token. Limits are those of
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
// where no other page is named.
type Props struct {
	// Name is the agent's name and that of its repository: 2 to 256 lower-case
	// letters and digits, in parts joined by ".", "_", "__", hyphens or "/". Required.
	Name string

	// ExistingRepository says that the repository was made elsewhere: it is looked
	// up by Name, and what describes a repository of the agent's own is refused.
	// ImageTagMutability then says how it is. Default: the agent has its own.
	ExistingRepository bool

	// Source is what the image is made from: Dockerfile or GoPackage. Required,
	// but with BuildDisabled.
	Source Source

	// BuildDisabled leaves building and pushing to somebody else, such as a CI
	// job; the image has to be there when it is used. Default: the agent's image
	// is pushed at apply.
	BuildDisabled bool

	// ForceRebuild builds and pushes at every apply, whether something changed or
	// not. Not with a Dockerfile in an Immutable repository. Default: only what
	// changed is built.
	ForceRebuild bool

	// ECRRegistry is the host that the image is pushed to, instead of the
	// repository's: a FIPS or VPC endpoint, or a registry on this machine. The
	// outputs do not change with it. Default: the repository's own.
	ECRRegistry *string

	// Platforms are what the image is built for, LinuxAMD64 and LinuxARM64; a
	// GoPackage and an image ForLambda take one. Default: LinuxAMD64.
	Platforms []Platform

	// ForLambda says that Lambda functions run the image. It is then built for
	// one platform and without attestations, which Lambda refuses, and the
	// repository lets the Lambda service of this account pull.
	// https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
	// Default: not for Lambda.
	ForLambda bool

	// LambdaFunctionARNs narrows the pull of ForLambda to these functions, also of
	// other accounts; a * stands for any text. Default: all functions of this account.
	LambdaFunctionARNs []*string

	// ImageTag is what the image is pushed as: at most 128 letters, digits and
	// ._-, not beginning with . or -. "latest" takes a Mutable repository.
	// Required without Source. Default: the first twelve digits of the
	// content's hash, which changes with the content.
	ImageTag string

	// AdditionalTags are given to the same image. Default: none.
	AdditionalTags []string

	// ImageTagMutability says whether a tag can move to another image: Immutable or
	// Mutable. Default: Immutable.
	ImageTagMutability TagMutability

	// ScanOnPushDisabled turns off the scan for known vulnerabilities that each
	// pushed image gets. Default: images are scanned.
	ScanOnPushDisabled bool

	// EncryptionType is how images are encrypted at rest: AES256, KMS or KMSDSSE.
	// Another type replaces the repository. Default: AES256.
	EncryptionType EncryptionType

	// KMSKeyARN is the key of KMS and KMSDSSE. Another key replaces the repository.
	// Default: AWS's own key for ECR.
	KMSKeyARN *string

	// ForceDelete lets Terraform delete the repository with the images in it.
	// Default: a repository with images stays.
	ForceDelete bool

	// LifecyclePolicy is a JSON lifecycle policy, instead of LifecycleRules and
	// the default. Default: none.
	LifecyclePolicy *string

	// LifecycleRules say which images expire, instead of the default: at most 50.
	// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
	// Default: untagged images after UntaggedImageDays, all but the newest
	// MaxImageCount.
	LifecycleRules []LifecycleRule

	// LifecycleDisabled keeps all images. Default: the default rules.
	LifecycleDisabled bool

	// MaxImageCount is how many images the default rules keep: 1 or more. An image
	// that is still run counts as well; an image for several platforms takes one
	// for each and one more. Default: 10.
	MaxImageCount int

	// UntaggedImageDays is how long the default rules keep an image without a tag:
	// 1 or more. Default: 7.
	UntaggedImageDays int

	// RepositoryPolicy is a JSON policy document for the repository, instead of
	// all the fields that make one. Default: none.
	RepositoryPolicy *string

	// RepositoryPolicyStatements are added to the repository's policy; they name
	// principals and no resources. Default: none.
	RepositoryPolicyStatements []iam.Statement

	// PullPrincipals may pull: account ids, or ARNs of roles, users and accounts.
	// Default: whoever this account's policies allow.
	PullPrincipals []*string

	// PullOrganizationIDs are organizations ("o-…") all of whose accounts may pull.
	// Default: none.
	PullOrganizationIDs []string

	// PushPrincipals may pull and push, as in PullPrincipals. Default: whoever
	// this account's policies allow.
	PushPrincipals []*string

	// CreateLogGroup makes the log group "/aws/agent/" and Name. Default: none.
	CreateLogGroup bool

	// LogRetentionDays is how long logs are kept: 1, 3, 5, 7, 14, 30, 60, 90,
	// 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or
	// 3653 days, or RetainForever. Only with CreateLogGroup. Default: 7.
	LogRetentionDays int

	// LogKMSKeyARN is the key that encrypts the log group; its policy must let
	// CloudWatch Logs use it. Only with CreateLogGroup. Default: CloudWatch's own.
	LogKMSKeyARN *string

	// CreateRole makes a role for what runs the image. Default: none.
	CreateRole bool

	// RolePrincipals are the services that may take the role. Only with
	// CreateRole. Default: ecs-tasks.amazonaws.com and lambda.amazonaws.com.
	RolePrincipals []string

	// RoleName names the role: at most 64 letters, digits and +=,.@_-. Only with
	// CreateRole. Default: Name and "-role"; where Name has a slash, or is too
	// long, with a hash of it.
	RoleName string

	// RolePath is the path of the role. Only with CreateRole. Default: "/".
	RolePath string

	// PermissionsBoundaryARN limits what the role can ever do. Only with
	// CreateRole. Default: none.
	PermissionsBoundaryARN *string

	// ManagedPolicyARNs are attached to the role, one attachment each; they may
	// be unknown until apply. Removing one leaves the others alone. Only with
	// CreateRole. Default: none.
	ManagedPolicyARNs []*string

	// InlinePolicy is a JSON policy document for the role. Only with CreateRole.
	// Default: none.
	InlinePolicy *string

	// PolicyStatements are added to the role. Only with CreateRole. Default: none.
	PolicyStatements []iam.Statement

	// Tags are put on every resource that takes tags, with Name added: at most
	// 49, keys to 128 and values to 256 characters, no "aws:". Default: none.
	Tags map[string]*string
}
