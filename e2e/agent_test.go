//go:build e2e

package e2e

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
)

// agentAll is an agent with every prop that goes without Docker, one that
// somebody else builds, and one in a repository that the emulator has.
func agentAll(stack cdktf.TerraformStack) {
	const (
		name = "agent-all"
		key  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000003"
	)
	policy := newPolicy(stack, "Policy", name)
	boundary := newPolicy(stack, "Boundary", name+"-boundary")
	a := agent.New(stack, "Agent", agent.Props{
		Name:               "aegis/" + name,
		Source:             agent.GoPackage{Path: "./agents/research", Dir: root(), Environment: map[string]string{"PORT": "8080"}, Labels: map[string]string{"team": "e2e"}},
		Platforms:          []agent.Platform{agent.LinuxARM64},
		ForLambda:          true,
		LambdaFunctionARNs: *jsii.Strings("arn:aws:lambda:eu-central-1:123456789012:function:research-*"),
		ImageTag:           "latest",
		AdditionalTags:     []string{"v1.0"},
		ImageTagMutability: agent.Mutable,
		ScanOnPushDisabled: true,
		EncryptionType:     agent.KMS,
		KMSKeyARN:          jsii.String(key),
		ForceDelete:        true,
		LifecycleRules: []agent.LifecycleRule{
			{Description: "The rest", MaxImageCount: 30},
			{TagPrefixes: []string{"v"}, MaxImageCount: 100},
			{TagPatterns: []string{"pr-*"}, MaxImageAgeDays: 14},
			{TagStatus: agent.Untagged, MaxImageAgeDays: 1},
		},
		RepositoryPolicyStatements: []iam.Statement{{
			Sid: "Describe", Actions: []string{"ecr:DescribeImages"},
			Principals: []iam.Principal{{Type: "AWS", Identifiers: *jsii.Strings("210987654321")}},
		}},
		PullPrincipals:         *jsii.Strings("210987654321", "arn:aws:iam::123456789012:role/runner"),
		PullOrganizationIDs:    []string{"o-a1b2c3d4e5"},
		PushPrincipals:         *jsii.Strings("arn:aws:iam::123456789012:role/ci"),
		CreateLogGroup:         true,
		LogRetentionDays:       30,
		LogKMSKeyARN:           jsii.String(key),
		CreateRole:             true,
		RolePrincipals:         []string{"bedrock-agentcore.amazonaws.com"},
		RolePath:               "/aegis/",
		PermissionsBoundaryARN: boundary.Arn(),
		ManagedPolicyARNs:      []*string{policy.Arn(), jsii.String("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")},
		InlinePolicy:           jsii.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`),
		PolicyStatements:       []iam.Statement{{Sid: "Read", Actions: []string{"s3:GetObject"}, Resources: *jsii.Strings("arn:aws:s3:::papers/*")}},
		Tags:                   map[string]*string{"Team": jsii.String("e2e")},
	})
	a.AddToRolePolicy(iam.Statement{Actions: []string{"ecr:DescribeImages"}, Resources: []*string{a.RepositoryARN()}})

	agent.New(stack, "Elsewhere", agent.Props{
		Name: name + "-elsewhere", BuildDisabled: true, ImageTag: "v1", LifecycleDisabled: true,
	})
	for output, value := range map[string]*string{"image_uri": a.ImageURI(), "image_digest_uri": a.ImageDigestURI(), "login": a.ECRLoginCommand()} {
		cdktf.NewTerraformOutput(stack, jsii.String(output), &cdktf.TerraformOutputConfig{Value: value})
	}
}
