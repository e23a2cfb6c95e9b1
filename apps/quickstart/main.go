// Command quickstart is the modules' Quick Start, line for line, in Go: a Python
// controller function with a table, a queue and a policy whose ARN is unknown
// until apply, and the coordinator agent's image.
//
//	make synth APP=quickstart
//
// It is an example to read and to copy. What grows beyond one screen belongs
// into apps/aegis.
package main

import (
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

func main() { synth.Main(quickstart) }

func quickstart(app cdktf.App) {
	stack := cdktf.NewTerraformStack(app, jsii.String("quickstart"))
	// Relative to the stack's folder in cdktf.out: the same on every machine.
	cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{Path: jsii.String("../../../terraform.quickstart.tfstate")})
	provider.NewAwsProvider(stack, jsii.String("AWS"), nil)
	stack.AddOverride(jsii.String("terraform.required_providers.aws.source"), "hashicorp/aws")

	table := dynamodbtable.NewDynamodbTable(stack, jsii.String("State"), &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String("aegis-state"),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String("pk"),
		RangeKey:    jsii.String("sk"),
		Attribute: []*dynamodbtable.DynamodbTableAttribute{
			{Name: jsii.String("pk"), Type: jsii.String("S")},
			{Name: jsii.String("sk"), Type: jsii.String("S")},
		},
	})
	queue := sqsqueue.NewSqsQueue(stack, jsii.String("Tasks"), &sqsqueue.SqsQueueConfig{
		Name: jsii.String("aegis-tasks"),
	})
	policy := iampolicy.NewIamPolicy(stack, jsii.String("ControllerPolicy"), &iampolicy.IamPolicyConfig{
		Name: jsii.String("aegis-controller"),
		Policy: jsii.String(iam.Render(
			iam.Statement{Actions: []string{"dynamodb:DescribeTable", "dynamodb:PutItem"}, Resources: []*string{table.Arn()}},
			iam.Statement{Actions: []string{"sqs:GetQueueAttributes", "sqs:SendMessage"}, Resources: []*string{queue.Arn()}},
		)),
	})

	controller := lambda.NewFunction(stack, "Controller", lambda.Props{
		FunctionName: "aegis-controller",
		Code:         lambda.Directory{Path: "apps/quickstart/controller/src"},
		Handler:      "main.lambda_handler",
		Runtime:      lambda.Python312,
		MemoryMiB:    512,
		Timeout:      5 * time.Minute,
		Environment: map[string]*string{
			"STATE_TABLE": table.Name(),
			"TASK_QUEUE":  queue.Url(),
		},
		ManagedPolicyARNs: []*string{policy.Arn()},
	})

	coordinator := agent.New(stack, "CoordinatorAgent", agent.Props{
		Name:           "coordinator-agent",
		Source:         agent.GoPackage{Path: "./agents/coordinator"},
		Platforms:      []agent.Platform{agent.LinuxARM64},
		ForceDelete:    true, // destroy takes the pushed image along
		CreateRole:     true,
		CreateLogGroup: true,
	})

	cdktf.NewTerraformOutput(stack, jsii.String("controller_function_name"), &cdktf.TerraformOutputConfig{Value: controller.Name()})
	cdktf.NewTerraformOutput(stack, jsii.String("coordinator_image"), &cdktf.TerraformOutputConfig{Value: coordinator.ImageDigestURI()})
}
