package main

import (
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

// programs is where the functions' main packages are.
const programs = "github.com/aegis-agents/aegis/controller/cmd/"

// newController is the function that clients call.
func newController(stack cdktf.TerraformStack, e Environment, table dynamodbtable.DynamodbTable, tasks queue) *lambda.Function {
	props := lambda.Props{
		FunctionName: e.name("controller"),
		Description:  "Starts, lists and steers workflows",
		Code:         lambda.GoPackage{Path: programs + "controller", BuildTags: []string{"lambda.norpc"}},
		Architecture: lambda.ARM64,
		MemoryMiB:    256,
		Timeout:      30 * time.Second,
		Environment: map[string]*string{
			"STATE_TABLE": table.Name(),
			"TASK_QUEUE":  tasks.Url(),
		},
		TracingMode:      e.Tracing,
		LogRetentionDays: e.LogRetentionDays,
		LogFormat:        lambda.LogJSON,
		LogPermission:    lambda.LogPermissionScoped,
		PolicyStatements: []iam.Statement{
			{Sid: "CheckTable", Actions: []string{"dynamodb:DescribeTable"}, Resources: []*string{table.Arn()}},
			{Sid: "CheckQueue", Actions: []string{"sqs:GetQueueAttributes"}, Resources: []*string{tasks.Arn()}},
		},
	}
	if e.FunctionURL {
		props.URL = &lambda.FunctionURL{AuthType: lambda.AuthIAM}
	}
	return lambda.NewFunction(stack, "Controller", props)
}

// invokeCommand asks the controller for its health.
func invokeCommand(function *lambda.Function) *string {
	return jsii.String("aws lambda invoke --function-name " + *function.Name() +
		` --cli-binary-format raw-in-base64-out --payload '{"action":"health"}' /dev/stdout`)
}
