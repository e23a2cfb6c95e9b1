package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

// addOutputs tells the operator what comes next. Terraform prints them sorted.
func addOutputs(stack cdktf.TerraformStack, table dynamodbtable.DynamodbTable, tasks queue, controller *lambda.Function) {
	for _, o := range []struct {
		name, description string
		value             *string
	}{
		{"state_table", "DynamoDB table of workflows and tasks", table.Name()},
		{"task_queue_url", "SQS queue of tasks for the agents", tasks.Url()},
		{"task_dead_letter_queue_url", "SQS queue of tasks that kept failing", tasks.deadLetters.Url()},
		{"controller_function_name", "Function that clients call", controller.Name()},
		{"controller_log_group", "Log group of the controller", controller.LogGroupName()},
		{"controller_url", "HTTPS endpoint of the controller, for callers with IAM credentials", controller.URL()},
		{"controller_health_command", "Asks the controller whether its table and queue answer", invokeCommand(controller)},
	} {
		if o.value == nil {
			continue
		}
		cdktf.NewTerraformOutput(stack, jsii.String(o.name), &cdktf.TerraformOutputConfig{
			Value: o.value, Description: jsii.String(o.description),
		})
	}
}

// addImageOutputs tells which image each agent runs, by its digest.
func addImageOutputs(stack cdktf.TerraformStack, agents map[string]*agent.Agent) {
	for _, name := range agentNames {
		cdktf.NewTerraformOutput(stack, jsii.String(name+"_image"), &cdktf.TerraformOutputConfig{
			Value: agents[name].ImageDigestURI(), Description: jsii.String("Image of the " + name + " agent"),
		})
	}
}
