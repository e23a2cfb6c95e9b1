package agent_test

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

// A folder with a Dockerfile, built and pushed at apply whenever what Docker
// would send has changed.
func ExampleNew() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("agents"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		a := agent.New(stack, "Coordinator", agent.Props{
			Name: "coordinator-agent",
			Source: agent.Dockerfile{
				ContextDir: "agents/coordinator",
				BuildArgs:  map[string]string{"PYTHON_VERSION": "3.13"},
				Secrets:    []agent.Secret{{ID: "pip", Env: "PIP_TOKEN"}},
			},
			Platforms: []agent.Platform{agent.LinuxARM64},
		})
		cdktf.NewTerraformOutput(stack, jsii.String("image"), &cdktf.TerraformOutputConfig{Value: a.ImageURI()})
	})
}

// Go agents that need no Docker, in one loop, each with a role and a log group.
// Removing one from the list changes nothing of the others.
func ExampleNew_goPackage() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("agents"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		for _, name := range []string{"coordinator", "analyst", "research", "execution"} {
			agent.New(stack, name, agent.Props{
				Name:           "aegis/" + name,
				Source:         agent.GoPackage{Path: "./agents/" + name},
				Platforms:      []agent.Platform{agent.LinuxARM64},
				CreateLogGroup: true,
				CreateRole:     true,
				RolePrincipals: []string{"ecs-tasks.amazonaws.com"},
				PolicyStatements: []iam.Statement{{
					Actions:   []string{"bedrock:InvokeModel"},
					Resources: []*string{jsii.String("arn:aws:bedrock:*::foundation-model/*")},
				}},
				Tags: map[string]*string{"Agent": jsii.String(name)},
			})
		}
	})
}

// An agent that a Lambda function runs, by its digest: the function is deployed
// again when the image changes, and only then.
func ExampleAgent_ImageDigestURI() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("agents"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		a := agent.New(stack, "Research", agent.Props{
			Name:      "research-agent",
			Source:    agent.Dockerfile{ContextDir: "agents/research"},
			Platforms: []agent.Platform{agent.LinuxARM64},
			ForLambda: true,
		})
		lambda.NewFunction(stack, "Function", lambda.Props{
			FunctionName: "research",
			Architecture: lambda.ARM64,
			Code:         lambda.Image{URI: a.ImageDigestURI(), Platform: string(agent.LinuxARM64)},
		})
	})
}
