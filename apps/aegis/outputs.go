package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// newOutputs tells the operator what comes next. Terraform prints them sorted.
// None is a secret: of the MAC keys there is the ARN.
func (p *platform) newOutputs() {
	p.output("state_table", "DynamoDB table of workflows and tasks", p.table.Name())
	p.output("artifact_bucket", "S3 bucket of what agents read and write", p.bucket.Bucket())
	p.output("task_queue_url", "SQS queue of tasks for the agents", p.tasks.Url())
	p.output("task_dead_letter_queue_url", "SQS queue of tasks that kept failing", p.tasks.deadLetters.Url())
	p.output("callback_queue_url", "SQS queue of the agents' answers", p.callbacks.Url())
	p.output("callback_dead_letter_queue_url", "SQS queue of answers that kept failing", p.callbacks.deadLetters.Url())
	p.output("mac_secret_arn", "Secret with the keys of the tasks' MACs", p.macKeys.Arn())
	p.output("cluster_name", "ECS cluster that the agents run in", p.cluster.Name())
	p.output("subnets", "Subnets that the agents run in", cdktf.Fn_Join(jsii.String(","), &p.network.subnets))
	p.output("dashboard_url", "The dashboard in the console", p.console("cloudwatch", "#dashboards/dashboard/"+p.env.stackName()))
	for _, f := range p.functions.named() {
		id := underscored(f.name)
		p.output(id+"_function_name", "The function "+f.name, f.Name())
		p.output(id+"_log_group", "Log group of "+f.name, f.LogGroupName())
	}
	controller := p.functions.controller
	p.output("controller_url", "HTTPS endpoint of the controller, for callers with IAM credentials", controller.URL())
	p.output("controller_health_command", "Asks the controller whether its table and queue answer", p.invoke(`{"action":"health"}`))
	for _, w := range p.workflows {
		id := underscored(w.name)
		p.output(id+"_start_command", "Starts a workflow "+w.name, p.invoke(`{"action":"start","flow":"`+w.name+`","input":`+w.example+`}`))
		p.output(id+"_state_machine_arn", "State machine of "+w.name, w.machine.Arn())
		p.output(id+"_console_url", "Executions of "+w.name+" in the console", p.console("states", "#/statemachines/view/"+*w.machine.Arn()))
		p.output(id+"_log_group", "Log group of "+w.name, w.logGroup.Name())
	}
	for _, a := range p.agents {
		p.output(a.name+"_image", "Image of the "+a.name+" agent", a.ImageDigestURI())
		p.output(a.name+"_describe_image_command", "Describes the image of the "+a.name+" agent and what the scan found", jsii.String(
			"aws ecr describe-images --region "+*p.region+" --repository-name "+*a.RepositoryName()+" --image-ids imageDigest="+*a.ImageDigest()))
		p.output(a.name+"_log_group", "Log group of the "+a.name+" agent", a.LogGroupName())
		p.output(a.name+"_task_definition_arn", "Task definition of the "+a.name+" agent", a.definition.Arn())
	}
}

// output is left out when there is no value.
func (p *platform) output(name, description string, value *string) {
	if value == nil {
		return
	}
	cdktf.NewTerraformOutput(p.stack, jsii.String(name), &cdktf.TerraformOutputConfig{Value: value, Description: jsii.String(description)})
}

// invoke is a command that asks the controller.
func (p *platform) invoke(payload string) *string {
	return jsii.String("aws lambda invoke --region " + *p.region + " --function-name " + *p.functions.controller.Name() + " --qualifier " + liveAlias +
		` --cli-binary-format raw-in-base64-out --payload '` + payload + `' /dev/stdout`)
}

// consoles are the console's hosts by partition, after the region.
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
var consoles = map[string]*string{
	"aws":        jsii.String(commercialConsole),
	"aws-cn":     jsii.String("console.amazonaws.cn"),
	"aws-us-gov": jsii.String("console.amazonaws-us-gov.com"),
}

const commercialConsole = "console.aws.amazon.com"

// console is a page of the console.
func (p *platform) console(service, page string) *string {
	host := *cdktf.Token_AsString(cdktf.Fn_Lookup(&consoles, p.partition, jsii.String(commercialConsole)), nil)
	return jsii.String("https://" + *p.region + "." + host + "/" + service + "/home?region=" + *p.region + page)
}

func underscored(name string) string {
	out := []byte(name)
	for i, c := range out {
		if c == '-' {
			out[i] = '_'
		}
	}
	return string(out)
}
