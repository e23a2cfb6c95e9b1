package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/functiontest"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/awstest"
	"github.com/aegis-agents/aegis/internal/lambdatest"
)

const (
	getItem = "DynamoDB_20120810.GetItem"
	putItem = "DynamoDB_20120810.PutItem"
	getKeys = "secretsmanager.GetSecretValue"
	runTask = "AmazonEC2ContainerServiceV20141113.RunTask"
	token   = "AQBsecret-token"
)

var settings = []string{
	"STATE_TABLE=state", "ARTIFACT_BUCKET=artifacts",
	"MAC_SECRET=arn:aws:secretsmanager:eu-west-1:123456789012:secret:mac",
	"CLUSTER=arn:aws:ecs:eu-west-1:123456789012:cluster/agents",
	"TASK_DEFINITIONS=" + definitions(),
	"SUBNETS=subnet-1,subnet-2", "SECURITY_GROUPS=sg-1", "ASSIGN_PUBLIC_IP=true",
}

func definitions() string {
	arns := map[string]string{}
	for _, agent := range []string{"coordinator", "research", "analyst", "execution"} {
		arns[agent] = "arn:aws:ecs:eu-west-1:123456789012:task-definition/" + agent + ":1"
	}
	text, err := json.Marshal(arns)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func replies() map[string]awstest.Reply {
	return map[string]awstest.Reply{
		getItem: awstest.OK(`{}`), putItem: awstest.OK(`{}`),
		getKeys: awstest.OK(`{"SecretString":"{\"current\":\"k1\",\"keys\":{\"k1\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}"}`),
		runTask: awstest.OK(`{"tasks":[{"taskArn":"arn:aws:ecs:eu-west-1:123456789012:task/agents/1"}]}`),
	}
}

func batch(t testing.TB, bodies ...string) string {
	t.Helper()
	var event events.SQSEvent
	for i, body := range bodies {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: fmt.Sprintf("m%d", i), Body: body,
			Attributes: map[string]string{"SentTimestamp": fmt.Sprint(time.Now().UnixMilli())},
		})
	}
	data, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func messages(t testing.TB) (order, approval string) {
	t.Helper()
	o, err := task.Order{Spec: task.Spec{
		Workflow: "wf-1", Step: "plan", Agent: "coordinator", Input: map[string]task.Body{}, Timeout: 600, Heartbeat: 120, InlineLimit: 8192,
	}, Token: token}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r, err := task.ApprovalRequest{
		Workflow: "wf-1", Step: "approve", Prompt: "?", Input: map[string]task.Body{}, Timeout: 60, Token: token,
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(o), string(r)
}

func TestBinary(t *testing.T) {
	t.Parallel()
	bootstrap := functiontest.Build(t)
	order, approval := messages(t)

	t.Run("a batch in parts", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, replies())
		rt := lambdatest.New(t, 20*time.Second, batch(t, order, `{"version":1,"kind":"order"}`, approval))
		log, metrics := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		// The order's run cannot be recorded, as this table forgets what is written: it comes again.
		const want = `{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m1"}]}`
		if len(answers) != 1 || answers[0].Body != want {
			t.Errorf("want %s, got %+v\n%s", want, answers, log)
		}
		runs := aws.Requests(runTask)
		if len(runs) != 1 || strings.Contains(runs[0], token) || !strings.Contains(runs[0], string(task.NewID("wf-1", "plan", 0, 0))) {
			t.Errorf("want one run, without the token, got %v", runs)
		}
		// Way to the task, task, approval.
		if writes := aws.Requests(putItem); len(writes) != 3 {
			t.Errorf("want 3 writes, got %v", writes)
		}
		if strings.Contains(log+metrics, token) {
			t.Errorf("the log has a token: %s %s", log, metrics)
		}
		var recorded map[string]any
		for _, line := range functiontest.JSONLines(t, log) {
			if line["message"] == "task recorded" {
				recorded = line
				delete(recorded, "timestamp")
			}
		}
		if diff := cmp.Diff(map[string]any{
			"level": "INFO", "message": "task recorded", "workflow": "wf-1", "step": "plan", "index": 0.0, "attempt": 0.0,
			"agent": "coordinator", "task": string(task.NewID("wf-1", "plan", 0, 0)),
		}, recorded); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})

	t.Run("wrong settings end the start", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckProblems(t, bootstrap, "http://127.0.0.1:1",
			[]string{"TASK_DEFINITIONS=[]", "SUBNETS=a,,b", "ASSIGN_PUBLIC_IP=yes", "KEEP_DAYS=4000", "CLUSTER=arn:aws:sqs:eu-west-1:123456789012:x"},
			"STATE_TABLE: must be set",
			`KEEP_DAYS: must be a number from 1 to 3650, got "4000"`,
			"ARTIFACT_BUCKET: must be set",
			"MAC_SECRET: must be set",
			`CLUSTER: must be an ARN of ecs, got "arn:aws:sqs:eu-west-1:123456789012:x"`,
			`TASK_DEFINITIONS: must be a JSON object from names to ARNs, got "[]"`,
			`SUBNETS: must be names with a comma between them, got "a,,b"`,
			"SECURITY_GROUPS: must be set",
			`ASSIGN_PUBLIC_IP: must be true or false, got "yes"`,
			"AWS_REGION: must be set",
		)
	})

	t.Run("size", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckSize(t, bootstrap)
	})
}

func BenchmarkColdStart(b *testing.B) {
	aws := awstest.NewServer(b, replies())
	_, approval := messages(b)
	functiontest.ColdStart(b, aws.URL, batch(b, approval), settings...)
}
