package main

import (
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueueredriveallowpolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

const (
	// maxReceives is how often a message is tried before it is a dead letter;
	// fewer than five can lose messages to a throttled function.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	maxReceives = 5
	// deadLetterDays is SQS's longest: time to look at what failed.
	deadLetterDays = 14
	secondsPerDay  = 24 * 60 * 60
	// visibilityFactor times the consumer's timeout is how long a message is out of
	// sight: batches are retried within it.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	visibilityFactor = 6
)

// queue is a queue with the dead letters of it.
type queue struct {
	sqsqueue.SqsQueue
	deadLetters sqsqueue.SqsQueue
}

// newTaskQueue carries the tasks for the agents.
func newTaskQueue(stack cdktf.TerraformStack, e Environment) queue {
	return newQueue(stack, e, "Tasks", "tasks", dispatcherTimeout)
}

// newCallbackQueue carries the agents' answers and heartbeats.
func newCallbackQueue(stack cdktf.TerraformStack, e Environment) queue {
	return newQueue(stack, e, "Callbacks", "callbacks", callbackTimeout)
}

// newQueue defines an encrypted queue whose messages go to a queue of dead
// letters of its own when they keep failing.
func newQueue(stack cdktf.TerraformStack, e Environment, id, name string, consumer time.Duration) queue {
	dead := sqsqueue.NewSqsQueue(stack, jsii.String(id+"DeadLetters"), &sqsqueue.SqsQueueConfig{
		Name:                    jsii.String(e.name(name + "-dead-letters")),
		MessageRetentionSeconds: jsii.Number(deadLetterDays * secondsPerDay),
		SqsManagedSseEnabled:    jsii.Bool(true),
		Tags:                    nameTag(e.name(name + "-dead-letters")),
	})
	q := sqsqueue.NewSqsQueue(stack, jsii.String(id), &sqsqueue.SqsQueueConfig{
		Name:                     jsii.String(e.name(name)),
		SqsManagedSseEnabled:     jsii.Bool(true),
		VisibilityTimeoutSeconds: jsii.Number((visibilityFactor * consumer).Seconds()),
		MessageRetentionSeconds:  jsii.Number(deadLetterDays * secondsPerDay),
		RedrivePolicy:            jsonText(map[string]any{"deadLetterTargetArn": *dead.Arn(), "maxReceiveCount": maxReceives}),
		Tags:                     nameTag(e.name(name)),
	})
	sqsqueueredriveallowpolicy.NewSqsQueueRedriveAllowPolicy(stack, jsii.String(id+"RedriveAllow"),
		&sqsqueueredriveallowpolicy.SqsQueueRedriveAllowPolicyConfig{
			QueueUrl:           dead.Url(),
			RedriveAllowPolicy: jsonText(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{*q.Arn()}}),
		})
	return queue{SqsQueue: q, deadLetters: dead}
}

// jsonText renders a value that may hold tokens.
func jsonText(v any) *string {
	return cdktf.Fn_Jsonencode(v)
}
