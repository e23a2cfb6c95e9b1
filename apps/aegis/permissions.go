package main

import (
	"maps"
	"slices"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
)

// records lets a function read and write records of the state table by their keys.
func (p *platform) records() iam.Statement {
	return iam.Statement{
		Sid: "Records", Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"}, Resources: []*string{p.table.Arn()},
	}
}

// lists lets a function find records: those of a workflow, and by status and time.
// Not for who handles one task at a time, and what agents sent.
func (p *platform) lists() iam.Statement {
	return iam.Statement{
		Sid: "Lists", Actions: []string{"dynamodb:Query"},
		Resources: []*string{p.table.Arn(), jsii.String(*p.table.Arn() + "/index/" + stateIndex)},
	}
}

// answer lets a function tell an execution what became of a task. A token belongs
// to its state machine. https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
func (p *platform) answer(more ...string) iam.Statement {
	return iam.Statement{
		Sid: "Answer", Actions: append([]string{"states:SendTaskFailure", "states:SendTaskSuccess"}, more...), Resources: p.machineARNs(),
	}
}

// heartbeat is for who handles what agents send.
const heartbeat = "states:SendTaskHeartbeat"

// stopTasks lets a function do something with the cluster's tasks.
func (p *platform) stopTasks(actions ...string) iam.Statement {
	return iam.Statement{
		Sid: "Tasks", Actions: actions, Resources: []*string{p.taskARNs()}, Conditions: p.inCluster(),
	}
}

// taskARNs are the ARNs of the cluster's tasks.
func (p *platform) taskARNs() *string {
	return jsii.String(*cdktf.Fn_Replace(p.cluster.Arn(), jsii.String(":cluster/"), jsii.String(":task/")) + "/*")
}

// inCluster holds in the stack's own cluster.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
func (p *platform) inCluster() []iam.Condition {
	return []iam.Condition{{Operator: "ArnEquals", Key: "ecs:cluster", Values: []*string{p.cluster.Arn()}}}
}

func (p *platform) machineARNs() []*string {
	var arns []*string
	for _, w := range p.workflows {
		arns = append(arns, w.machine.Arn())
	}
	return arns
}

func (p *platform) executionARNs() []*string {
	var arns []*string
	for _, w := range p.workflows {
		arns = append(arns, w.executions())
	}
	return arns
}

// stateMachines is the JSON object from flows to their machines.
func (p *platform) stateMachines() *string {
	arns := map[string]any{}
	for _, w := range p.workflows {
		arns[w.name] = *w.machine.Arn()
	}
	return jsonText(arns)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
