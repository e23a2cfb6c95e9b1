package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/functiontest"
	"github.com/aegis-agents/aegis/internal/awstest"
	"github.com/aegis-agents/aegis/internal/lambdatest"
)

const (
	event   = `{"version":"0","source":"aws.scheduler"}`
	query   = "DynamoDB_20120810.Query"
	receive = "AmazonSQS.ReceiveMessage"
)

var settings = []string{
	"STATE_TABLE=state",
	`STATE_MACHINES={"research-report":"arn:aws:states:eu-west-1:123456789012:stateMachine:research-report"}`,
	"MAC_SECRET=arn:aws:secretsmanager:eu-west-1:123456789012:secret:mac",
	"CLUSTER=arn:aws:ecs:eu-west-1:123456789012:cluster/agents",
	"TASK_DEAD_LETTERS=https://sqs.eu-west-1.amazonaws.com/123456789012/dead-tasks",
	"CALLBACK_DEAD_LETTERS=https://sqs.eu-west-1.amazonaws.com/123456789012/dead-callbacks",
}

func TestBinary(t *testing.T) {
	t.Parallel()
	bootstrap := functiontest.Build(t)

	t.Run("nothing to do", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{query: awstest.OK(`{"Items":[]}`), receive: awstest.OK(`{}`)})
		rt := lambdatest.New(t, 20*time.Second, event)
		log, metrics := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		const want = `{"Delivered":0,"Stopped":0,"Ended":0,"Started":0,"Expired":0,"DeadLetters":0,"Problems":0}`
		if len(answers) != 1 || answers[0].Failed || answers[0].Body != want {
			t.Errorf("want %s, got %+v\n%s", want, answers, log)
		}
		for _, want := range []string{`"DeadLetters":0,"Queue":"tasks"`, `"DeadLetters":0,"Queue":"callbacks"`, `"OldestTask":0`, `"Namespace":"Aegis"`} {
			if !strings.Contains(metrics, want) {
				t.Errorf("metrics: want %s, got %s", want, metrics)
			}
		}
	})

	t.Run("what it cannot look at is a failure, and the rest is looked at", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{
			query:   awstest.OK(`{"Items":[]}`),
			receive: awstest.Error(400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
		})
		rt := lambdatest.New(t, 20*time.Second, event)
		log, _ := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		if len(answers) != 1 || !answers[0].Failed || !strings.Contains(answers[0].Body, "cannot receive the dead letters of tasks") {
			t.Errorf("want a failure, got %+v\n%s", answers, log)
		}
		if queries := len(aws.Requests(query)); queries != 4 {
			t.Errorf("want 4 lists, got %d", queries)
		}
	})

	t.Run("wrong settings end the start", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckProblems(t, bootstrap, "http://127.0.0.1:1", nil,
			"STATE_TABLE: must be set", "STATE_MACHINES: must be set", "MAC_SECRET: must be set", "CLUSTER: must be set",
			"TASK_DEAD_LETTERS: must be set", "CALLBACK_DEAD_LETTERS: must be set", "AWS_REGION: must be set")
	})

	t.Run("size", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckSize(t, bootstrap)
	})
}

func BenchmarkColdStart(b *testing.B) {
	aws := awstest.NewServer(b, map[string]awstest.Reply{query: awstest.OK(`{"Items":[]}`), receive: awstest.OK(`{}`)})
	functiontest.ColdStart(b, aws.URL, event, settings...)
}
