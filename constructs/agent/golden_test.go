package agent_test

import (
	"regexp"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/kmskey"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// docker is a source of two files.
var docker = agent.Dockerfile{ContextDir: "testdata/docker"}

// required are the props that an agent cannot do without.
func required() agent.Props {
	return agent.Props{Name: "coordinator-agent", Source: docker}
}

// allProps are all props that go together.
func allProps(policy, key *string) agent.Props {
	return agent.Props{
		Name: "aegis/research-agent",
		Source: agent.Dockerfile{
			ContextDir: "testdata/docker",
			Dockerfile: "Dockerfile",
			BuildArgs:  map[string]string{"VERSION": `1.0 "beta" %{x} $(id)`},
			Target:     "base",
			Labels:     map[string]string{"team": "research"},
			Secrets:    []agent.Secret{{ID: "token", Env: "NPM_TOKEN"}, {ID: "netrc", File: "testdata/docker/main.sh"}},
			CacheFrom:  []string{"type=registry,ref=example.com/cache"},
			CacheTo:    []string{"type=inline"},
			Binary:     "finch",
		},
		ForceRebuild:       true,
		ECRRegistry:        jsii.String("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"),
		Platforms:          []agent.Platform{agent.LinuxARM64},
		ForLambda:          true,
		LambdaFunctionARNs: *jsii.Strings("arn:aws:lambda:us-east-1:123456789012:function:research-*"),
		ImageTag:           "latest",
		AdditionalTags:     []string{"v1.0"},
		ImageTagMutability: agent.Mutable,
		ScanOnPushDisabled: true,
		EncryptionType:     agent.KMSDSSE,
		KMSKeyARN:          key,
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
		LogKMSKeyARN:           key,
		CreateRole:             true,
		RolePrincipals:         []string{"bedrock-agentcore.amazonaws.com"},
		RolePath:               "/aegis/",
		PermissionsBoundaryARN: jsii.String("arn:aws:iam::123456789012:policy/boundary"),
		ManagedPolicyARNs:      []*string{policy, jsii.String("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")},
		InlinePolicy:           jsii.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`),
		PolicyStatements:       []iam.Statement{{Sid: "Read", Actions: []string{"s3:GetObject"}, Resources: *jsii.Strings("arn:aws:s3:::papers/*")}},
		Tags:                   map[string]*string{"Team": jsii.String("research")},
	}
}

func TestGoldenRequired(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		agent.New(stack, "Coordinator", required())
	})
	golden(t, template, "required")
}

func TestGoldenAll(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		key := kmskey.NewKmsKey(stack, jsii.String("Key"), nil)
		policy := iampolicy.NewIamPolicy(stack, jsii.String("Policy"), &iampolicy.IamPolicyConfig{
			Name: jsii.String("research"), Policy: jsii.String(`{"Version":"2012-10-17","Statement":[]}`),
		})
		a := agent.New(stack, "Research", allProps(policy.Arn(), key.Arn()))
		a.AddToRolePolicy(iam.Statement{Actions: []string{"ecr:DescribeImages"}, Resources: []*string{a.RepositoryARN()}})
		outputs(stack, a)
	})
	golden(t, template, "all")
}

func TestGoldenGo(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		a := agent.New(stack, "Agent", goProps())
		outputs(stack, a)
	})
	golden(t, template, "go")
}

func goProps() agent.Props {
	return agent.Props{
		Name:      "go-agent",
		Source:    agent.GoPackage{Path: "./testdata/goagent", Environment: map[string]string{"PORT": "8080"}},
		Platforms: []agent.Platform{agent.LinuxARM64},
	}
}

// outputs writes every output of the agent.
func outputs(stack cdktf.TerraformStack, a *agent.Agent) {
	for name, value := range map[string]*string{
		"repository_url":     a.RepositoryURL(),
		"repository_arn":     a.RepositoryARN(),
		"repository_name":    a.RepositoryName(),
		"registry_id":        a.RegistryID(),
		"image_uri":          a.ImageURI(),
		"image_digest_uri":   a.ImageDigestURI(),
		"image_digest":       a.ImageDigest(),
		"image_tag":          a.ImageTag(),
		"log_group_name":     a.LogGroupName(),
		"log_group_arn":      a.LogGroupARN(),
		"role_arn":           a.RoleARN(),
		"role_name":          a.RoleName(),
		"build_trigger_hash": a.BuildTriggerHash(),
		"ecr_login_command":  a.ECRLoginCommand(),
	} {
		if value != nil {
			cdktf.NewTerraformOutput(stack, jsii.String(name), &cdktf.TerraformOutputConfig{Value: value})
		}
	}
}

// fromHere is the way from the output, which is in a temporary folder, to this
// package's.
var fromHere = regexp.MustCompile(`(\.\./)+[^"]*?/testdata/`)

// golden is synthtest's Golden, but for the way to this package.
func golden(t *testing.T, template *synthtest.Template, name string) {
	t.Helper()
	text := fromHere.ReplaceAll(template.Normalised(), []byte("<dir>/testdata/"))
	synthtest.GoldenText(t, name+".tf.json", text)
}
