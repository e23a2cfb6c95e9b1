package main

import (
	"strconv"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

const (
	// programs is where the functions' main packages are.
	programs = "github.com/aegis-agents/aegis/controller/cmd/"
	// liveAlias is what clients and queues call: a version can be taken back behind it.
	liveAlias = "live"

	controllerTimeout = 30 * time.Second
	dispatcherTimeout = 30 * time.Second
	callbackTimeout   = 30 * time.Second
	// checkerTimeout is short of its schedule's minute, so that runs do not meet.
	checkerTimeout = 55 * time.Second
	// checkAge is how long a check may wait to be run: Lambda's least.
	checkAge  = time.Minute
	memoryMiB = 256
)

// functions are the control plane's. What each reads is in docs/design/0004-control-plane.md.
type functions struct {
	controller, dispatcher, callback, checker *lambda.Function
}

// named are the functions by the name of their program.
func (f functions) named() []struct {
	name string
	*lambda.Function
} {
	return []struct {
		name string
		*lambda.Function
	}{
		{string(controller), f.controller}, {string(dispatcher), f.dispatcher}, {string(callback), f.callback}, {string(stateChecker), f.checker},
	}
}

func (p *platform) newFunctions() functions {
	return functions{
		controller: p.newController(), dispatcher: p.newDispatcher(), callback: p.newCallback(), checker: p.newChecker(),
	}
}

// code is the function's program.
func (f functionName) code() lambda.GoPackage {
	return lambda.GoPackage{Path: programs + string(f), BuildTags: []string{"lambda.norpc"}}
}

// function is what the functions have in common.
func (p *platform) function(name functionName, description string, timeout time.Duration) lambda.Props {
	props := lambda.Props{
		FunctionName: p.env.name(string(name)),
		Description:  description,
		Code:         name.code(),
		Architecture: p.env.Architecture,
		MemoryMiB:    memoryMiB,
		Timeout:      timeout,
		Environment: map[string]*string{
			"STATE_TABLE": p.table.Name(),
			"KEEP_DAYS":   jsii.String(strconv.Itoa(p.env.KeepDays)),
			// The dashboard of one environment must not show another's.
			"METRICS_NAMESPACE": jsii.String(p.metrics()),
		},
		TracingMode:      p.env.Tracing,
		LogRetentionDays: p.env.LogRetentionDays,
		LogKMSKeyARN:     p.kmsKey(),
		LogFormat:        lambda.LogJSON,
		LogPermission:    lambda.LogPermissionScoped,
	}
	if n := p.env.ReservedConcurrency[name]; n > 0 {
		props.ReservedConcurrency = &n
	}
	if name != stateChecker {
		// With provisioned concurrency or without, so that the setting is one resource
		// more or less, and what calls the function stays as it is.
		props.Alias = &lambda.Alias{Name: liveAlias, ProvisionedConcurrency: p.env.ProvisionedConcurrency[name]}
	}
	return props
}

// newController is the function that clients call.
func (p *platform) newController() *lambda.Function {
	props := p.function(controller, "Starts, lists and steers workflows", controllerTimeout)
	props.Environment["TASK_QUEUE"] = p.tasks.Url()
	props.Environment["STATE_MACHINES"] = p.stateMachines()
	props.Environment["CLUSTER"] = p.cluster.Arn()
	props.PolicyStatements = []iam.Statement{
		p.records(), p.lists(),
		{Sid: "CheckTable", Actions: []string{"dynamodb:DescribeTable"}, Resources: []*string{p.table.Arn()}},
		{Sid: "CheckQueue", Actions: []string{"sqs:GetQueueAttributes"}, Resources: []*string{p.tasks.Arn()}},
		{Sid: "Start", Actions: []string{"states:StartExecution"}, Resources: p.machineARNs()},
		{Sid: "Steer", Actions: []string{"states:DescribeExecution", "states:StopExecution"}, Resources: p.executionARNs()},
		p.answer(), p.stopTasks("ecs:StopTask"),
	}
	if p.env.FunctionURL {
		props.URL = &lambda.FunctionURL{AuthType: lambda.AuthIAM}
	}
	return lambda.NewFunction(p.stack, "Controller", props)
}

// newDispatcher is the function that starts agents.
func (p *platform) newDispatcher() *lambda.Function {
	props := p.function(dispatcher, "Starts an agent for each order", dispatcherTimeout)
	props.Secrets = map[string]*string{"MAC_SECRET": p.macKeys.Arn()}
	props.Environment["ARTIFACT_BUCKET"] = p.bucket.Bucket()
	props.Environment["CLUSTER"] = p.cluster.Arn()
	props.Environment["SUBNETS"] = cdktf.Fn_Join(jsii.String(","), &p.network.subnets)
	props.Environment["SECURITY_GROUPS"] = cdktf.Fn_Join(jsii.String(","), &p.network.securityGroups)
	props.Environment["ASSIGN_PUBLIC_IP"] = jsii.String(strconv.FormatBool(p.network.assignPublicIP))
	definitions := map[string]any{}
	byName := map[string]runnable{}
	for _, a := range p.agents {
		definitions[a.name], byName[a.name] = *a.definition.Arn(), a
	}
	props.Environment["TASK_DEFINITIONS"] = jsonText(definitions)
	var arns, roles []*string
	for _, name := range sorted(byName) {
		a := byName[name]
		// While a deployment moves from one revision to the next, both are asked for.
		arns = append(arns, jsii.String(*a.definition.ArnWithoutRevision()+":*"))
		roles = append(roles, a.RoleARN(), a.executionRole.Arn())
	}
	props.PolicyStatements = []iam.Statement{
		p.records(), p.answer(),
		{Sid: "Store", Actions: []string{"s3:PutObject"}, Resources: []*string{jsii.String(*p.bucket.Arn() + "/" + bodyPrefix + "/*")}},
		{Sid: "Run", Actions: []string{"ecs:RunTask"}, Resources: arns, Conditions: p.inCluster()},
		// Tasks are started with the tags of their definition.
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
		{Sid: "Tag", Actions: []string{"ecs:TagResource"}, Resources: []*string{p.taskARNs()}, Conditions: []iam.Condition{
			{Operator: "StringEquals", Key: "ecs:CreateAction", Values: []*string{jsii.String("RunTask")}},
		}},
		{Sid: "GiveRoles", Actions: []string{"iam:PassRole"}, Resources: roles, Conditions: []iam.Condition{
			{Operator: "StringEquals", Key: "iam:PassedToService", Values: []*string{jsii.String(ecsTasks)}},
		}},
		p.stopTasks("ecs:StopTask"),
	}
	props.EventSources = []lambda.EventSource{p.source(p.tasks)}
	return lambda.NewFunction(p.stack, "Dispatcher", props)
}

// newCallback is the function that takes the agents' answers.
func (p *platform) newCallback() *lambda.Function {
	props := p.function(callback, "Takes the answers of agents", callbackTimeout)
	props.Secrets = map[string]*string{"MAC_SECRET": p.macKeys.Arn()}
	props.PolicyStatements = []iam.Statement{p.records(), p.answer(heartbeat)}
	props.EventSources = []lambda.EventSource{p.source(p.callbacks)}
	return lambda.NewFunction(p.stack, "Callback", props)
}

// newChecker is the function that finishes what was left behind.
func (p *platform) newChecker() *lambda.Function {
	props := p.function(stateChecker, "Finishes what a crash or a lost container left behind", checkerTimeout)
	props.Secrets = map[string]*string{"MAC_SECRET": p.macKeys.Arn()}
	props.Environment["STATE_MACHINES"] = p.stateMachines()
	props.Environment["CLUSTER"] = p.cluster.Arn()
	props.Environment["TASK_DEAD_LETTERS"] = p.tasks.deadLetters.Url()
	props.Environment["CALLBACK_DEAD_LETTERS"] = p.callbacks.deadLetters.Url()
	props.PolicyStatements = []iam.Statement{
		p.records(), p.lists(), p.answer(heartbeat),
		// A start that was recorded, and then died, is finished.
		{Sid: "Start", Actions: []string{"states:StartExecution"}, Resources: p.machineARNs()},
		{Sid: "Look", Actions: []string{"states:DescribeExecution"}, Resources: p.executionARNs()},
		{
			Sid: "DeadLetters", Actions: []string{"sqs:DeleteMessage", "sqs:ReceiveMessage"},
			Resources: []*string{p.tasks.deadLetters.Arn(), p.callbacks.deadLetters.Arn()},
		},
		p.stopTasks("ecs:DescribeTasks", "ecs:StopTask"),
	}
	// Lambda would repeat a failed call one and two minutes later, beside the runs that
	// do the same work then. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
	props.AsyncInvoke = &lambda.AsyncInvoke{MaximumRetryAttempts: new(0), MaximumEventAge: checkAge}
	props.Schedules = []lambda.Schedule{{Expression: "rate(1 minute)", Description: "Looks after open tasks"}}
	return lambda.NewFunction(p.stack, "StateChecker", props)
}

func (p *platform) source(q queue) lambda.SQSSource {
	return lambda.SQSSource{QueueARN: q.Arn(), ReportBatchItemFailures: true, MaximumConcurrency: p.env.QueueConcurrency}
}
