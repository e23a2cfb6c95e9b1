package main

import (
	"strconv"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecscluster"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecstaskdefinition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/controller/flow"
)

const (
	// agentPrograms is where the agents' main packages are.
	agentPrograms = "github.com/aegis-agents/aegis/agents/"
	// agentUser is nobody: the images have it, and the task insists.
	agentUser = "65532:65532"
	// stopSeconds is ECS's default, and what the agents' kit counts with.
	stopSeconds = 30
	// ecsTasks is the service that takes the agents' roles.
	ecsTasks = "ecs-tasks.amazonaws.com"
)

// agentSpec is what an agent's container takes: CPU in 1/1024 of a core, with a
// memory that Fargate has for it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
type agentSpec struct {
	name           flow.Agent
	cpu, memoryMiB int
}

// agentSpecs are the platform's agents: each has a program, an image, roles, a task
// definition and a log group of its own. The order changes nothing.
func agentSpecs() []agentSpec {
	return []agentSpec{
		{flow.Coordinator, 256, 512},
		{flow.Analyst, 512, 1024},
		{flow.Research, 512, 1024}, // pages are parsed in memory
		{flow.Execution, 256, 512},
	}
}

// source is the agent's program.
func (s agentSpec) source() agent.GoPackage {
	return agent.GoPackage{Path: agentPrograms + string(s.name)}
}

// processors are the architectures that the platform is built for, as images and
// tasks call them.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html
var processors = map[lambda.Architecture]struct {
	platform agent.Platform
	task     string
}{
	lambda.ARM64: {agent.LinuxARM64, "ARM64"},
	lambda.X8664: {agent.LinuxAMD64, "X86_64"},
}

// runnable is an agent that the dispatcher can start.
type runnable struct {
	*agent.Agent
	name          string
	definition    ecstaskdefinition.EcsTaskDefinition
	executionRole iamrole.IamRole
}

// newCluster is where agents run: on Fargate, from nothing, by RunTask.
func (p *platform) newCluster() ecscluster.EcsCluster {
	return ecscluster.NewEcsCluster(p.stack, jsii.String("Cluster"), &ecscluster.EcsClusterConfig{
		Name:    jsii.String(p.env.name("agents")),
		Setting: []*ecscluster.EcsClusterSetting{{Name: jsii.String("containerInsights"), Value: jsii.String("enabled")}},
		Tags:    nameTag(p.env.name("agents")),
	})
}

func (p *platform) newAgents(specs []agentSpec) []runnable {
	node := constructs.NewConstruct(p.stack, jsii.String("Agents"))
	tasks := constructs.NewConstruct(p.stack, jsii.String("AgentTasks"))
	var all []runnable
	for _, spec := range specs {
		all = append(all, p.newAgent(node, constructs.NewConstruct(tasks, jsii.String(string(spec.name))), spec))
	}
	return all
}

// newAgent builds an agent's image, and says how it runs.
func (p *platform) newAgent(images, node constructs.Construct, spec agentSpec) runnable {
	name := string(spec.name)
	a := agent.New(images, name, agent.Props{
		Name:             p.env.name(name + "-agent"),
		Source:           spec.source(),
		Platforms:        []agent.Platform{processors[p.env.Architecture].platform},
		CreateRole:       true,
		RolePrincipals:   []string{ecsTasks},
		PolicyStatements: p.agentStatements(),
		CreateLogGroup:   true,
		LogRetentionDays: p.env.LogRetentionDays,
		LogKMSKeyARN:     p.kmsKey(),
		ForceDelete:      !p.env.Protected,
		Tags:             map[string]*string{"Agent": jsii.String(name)},
	})
	// The execution role starts the container, and is nothing that the agent has.
	role := newRole(node, "ExecutionRole", p.env.name(name+"-execution"), ecsTasks)
	logs := iamrolepolicy.NewIamRolePolicy(node, jsii.String("WriteLogs"), &iamrolepolicy.IamRolePolicyConfig{
		Name: jsii.String("write-logs"), Role: role.Name(),
		Policy: jsii.String(iam.Render(iam.Statement{
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resources: []*string{jsii.String(*a.LogGroupARN() + ":log-stream:*")},
		})),
	})
	definition := ecstaskdefinition.NewEcsTaskDefinition(node, jsii.String("Task"), &ecstaskdefinition.EcsTaskDefinitionConfig{
		Family:                  jsii.String(p.env.name(name)),
		RequiresCompatibilities: jsii.Strings("FARGATE"),
		NetworkMode:             jsii.String("awsvpc"),
		Cpu:                     jsii.String(strconv.Itoa(spec.cpu)),
		Memory:                  jsii.String(strconv.Itoa(spec.memoryMiB)),
		RuntimePlatform: &ecstaskdefinition.EcsTaskDefinitionRuntimePlatform{
			CpuArchitecture: jsii.String(processors[p.env.Architecture].task), OperatingSystemFamily: jsii.String("LINUX"),
		},
		ExecutionRoleArn:     role.Arn(),
		TaskRoleArn:          a.RoleARN(),
		ContainerDefinitions: jsonText([]any{p.container(a, name)}),
		Tags:                 nameTag(p.env.name(name)),
		// A task that starts before its role may pull and log is lost.
		DependsOn: &[]cdktf.ITerraformDependable{a.GrantPull(role), logs},
		// The dispatcher must know the next revision before this one is gone.
		Lifecycle: &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})
	return runnable{Agent: a, name: name, definition: definition, executionRole: role}
}

// container is the agent's one container, which the dispatcher calls by the agent's name.
func (p *platform) container(a *agent.Agent, name string) map[string]any {
	// Sorted by name, as AWS returns them.
	environment := []any{variable("ARTIFACT_BUCKET", *p.bucket.Bucket()), variable("CALLBACK_QUEUE", *p.callbacks.Url())}
	environment = append(environment, variable("MAX_TOKENS", strconv.Itoa(p.env.MaxTokens)))
	if p.env.ModelID != "" {
		environment = append(environment, variable("MODEL_ID", p.env.ModelID))
	}
	if p.env.ModelStub {
		environment = append(environment, variable("MODEL_STUB", "allow"))
	}
	return map[string]any{
		"name":                   name,
		"image":                  *a.ImageDigestURI(),
		"essential":              true,
		"user":                   agentUser,
		"readonlyRootFilesystem": true,
		"linuxParameters":        map[string]any{"capabilities": map[string]any{"drop": []any{"ALL"}}},
		// A SIGTERM comes this long before the SIGKILL: time for a checkpoint, for which
		// the agents take less. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
		"stopTimeout": stopSeconds,
		"environment": environment,
		"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{
			"awslogs-group": *a.LogGroupName(), "awslogs-region": *p.region, "awslogs-stream-prefix": "task",
		}},
		"mountPoints": []any{}, "portMappings": []any{}, "systemControls": []any{}, "volumesFrom": []any{},
	}
}

func variable(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }

// agentStatements are all that an agent may do.
func (p *platform) agentStatements() []iam.Statement {
	under := func(prefix string) *string { return jsii.String(*p.bucket.Arn() + "/" + prefix + "/*") }
	statements := []iam.Statement{
		{Sid: "Objects", Actions: []string{"s3:GetObject", "s3:PutObject"}, Resources: []*string{under(bodyPrefix), under("artifacts"), under(checkpointPrefix)}},
		// Without it S3 refuses what is not there, where the agent asks for a checkpoint.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
		{Sid: "TellMissing", Actions: []string{"s3:ListBucket"}, Resources: []*string{p.bucket.Arn()}},
		{Sid: "Answer", Actions: []string{"sqs:SendMessage"}, Resources: []*string{p.callbacks.Arn()}},
	}
	if p.env.ModelID != "" {
		statements = append(statements, iam.Statement{Sid: "AskModel", Actions: []string{"bedrock:InvokeModel"}, Resources: p.modelARNs()})
	}
	return statements
}
