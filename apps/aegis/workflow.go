package main

import (
	"encoding/json"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sfnstatemachine"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/controller/flow"
)

// workflow is a flow and the state machine that runs it.
type workflow struct {
	name     string
	example  string // an input to start it with
	machine  sfnstatemachine.SfnStateMachine
	logGroup cloudwatchloggroup.CloudwatchLogGroup
}

// executions are the ARNs of all executions of the workflow.
func (w workflow) executions() *string {
	return jsii.String(*cdktf.Fn_Replace(w.machine.Arn(), jsii.String(":stateMachine:"), jsii.String(":execution:")) + ":*")
}

// newWorkflows renders each of the controller's flows as a state machine.
func (p *platform) newWorkflows() []workflow {
	node := constructs.NewConstruct(p.stack, jsii.String("Workflows"))
	var all []workflow
	for _, w := range flow.Workflows() {
		all = append(all, p.newWorkflow(constructs.NewConstruct(node, jsii.String(w.Name)), w))
	}
	return all
}

func (p *platform) newWorkflow(node constructs.Construct, w flow.Workflow) workflow {
	definition, err := flow.Render(w, flow.Resources{Partition: *p.partition, TaskQueueURL: *p.tasks.Url()})
	if err != nil {
		cdktf.Annotations_Of(node).AddError(jsii.String(err.Error()))
	}
	name := p.env.name(w.Name)
	group := cloudwatchloggroup.NewCloudwatchLogGroup(node, jsii.String("Logs"), &cloudwatchloggroup.CloudwatchLogGroupConfig{
		// The prefix keeps the resource policy of log deliveries from growing over its limit.
		// https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
		Name:            jsii.String("/aws/vendedlogs/states/" + name),
		RetentionInDays: jsii.Number(p.env.LogRetentionDays), KmsKeyId: p.kmsKey(), Tags: nameTag(name),
	})
	role := newRole(node, "Role", name, "states.amazonaws.com")
	policy := iamrolepolicy.NewIamRolePolicy(node, jsii.String("Policy"), &iamrolepolicy.IamRolePolicyConfig{
		Name: jsii.String("run"), Role: role.Name(), Policy: jsii.String(iam.Render(p.workflowStatements()...)),
	})
	machine := sfnstatemachine.NewSfnStateMachine(node, jsii.String("Machine"), &sfnstatemachine.SfnStateMachineConfig{
		Name: jsii.String(name), Type: jsii.String("STANDARD"), RoleArn: role.Arn(), Definition: jsii.String(string(definition)),
		LoggingConfiguration: &sfnstatemachine.SfnStateMachineLoggingConfiguration{
			// What goes in and out has task tokens in it, which are worth an answer.
			IncludeExecutionData: jsii.Bool(false),
			Level:                jsii.String("ALL"),
			LogDestination:       jsii.String(*group.Arn() + ":*"),
		},
		TracingConfiguration: &sfnstatemachine.SfnStateMachineTracingConfiguration{Enabled: jsii.Bool(p.env.Tracing == lambda.Active)},
		Tags:                 nameTag(name),
		// Step Functions tries the role's log permissions when the machine is made.
		DependsOn: &[]cdktf.ITerraformDependable{policy},
	})
	return workflow{name: w.Name, example: example(w), machine: machine, logGroup: group}
}

// workflowStatements let a state machine send orders, log and trace.
func (p *platform) workflowStatements() []iam.Statement {
	all := []*string{jsii.String("*")}
	statements := []iam.Statement{
		{Sid: "Order", Actions: []string{"sqs:SendMessage"}, Resources: []*string{p.tasks.Arn()}},
		// Log deliveries know no ARN. https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
		{Sid: "DeliverLogs", Actions: []string{
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
		}, Resources: all},
	}
	if p.env.Tracing == lambda.Active {
		// Nor does X-Ray. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
		statements = append(statements, iam.Statement{Sid: "Trace", Actions: []string{
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}, Resources: all})
	}
	return statements
}

// example is an input with the fields that a workflow has no default for.
func example(w flow.Workflow) string {
	input := map[string]any{}
	for _, in := range w.Inputs {
		if in.Default == nil {
			input[in.Name] = map[flow.Type]any{flow.String: "tides", flow.Integer: 1, flow.Boolean: false, flow.Array: []any{}}[in.Type]
		}
	}
	text, err := json.Marshal(input)
	if err != nil {
		return "{}"
	}
	return string(text)
}

// newRole is a role that a service may take.
func newRole(node constructs.Construct, id, name, service string) iamrole.IamRole {
	return iamrole.NewIamRole(node, jsii.String(id), &iamrole.IamRoleConfig{
		Name: jsii.String(name),
		AssumeRolePolicy: jsonText(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": service},
		}}}),
		Tags: nameTag(name),
	})
}
