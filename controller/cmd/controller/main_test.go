package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/functiontest"
	"github.com/aegis-agents/aegis/internal/awstest"
	"github.com/aegis-agents/aegis/internal/lambdatest"
)

var settings = []string{
	"STATE_TABLE=state",
	"TASK_QUEUE=https://sqs.eu-west-1.amazonaws.com/123456789012/tasks",
	`STATE_MACHINES={"research-report":"arn:aws:states:eu-west-1:123456789012:stateMachine:research-report"}`,
	"CLUSTER=arn:aws:ecs:eu-west-1:123456789012:cluster/agents",
}

// TestBinary builds the function as it is deployed and runs it against
// loopback AWS and a loopback Lambda.
func TestBinary(t *testing.T) {
	t.Parallel()
	bootstrap := functiontest.Build(t)

	t.Run("healthy, by invoke and by URL", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{
			awstest.DescribeTable: awstest.Table("ACTIVE"), awstest.GetQueueAttributes: awstest.Queue(),
		})
		rt := lambdatest.New(t, 20*time.Second,
			`{"action":"health"}`,
			`{"version":"2.0","rawPath":"/health","requestContext":{"http":{"method":"GET","path":"/health"}}}`,
			`{"action":"stop"}`,
		)
		log, _ := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		if len(answers) != 3 {
			t.Fatalf("want 3 answers, got %+v\n%s", answers, log)
		}
		const healthy = `{"status":200,"action":"health","ok":true,"version":"v1.2.3","request_id":"request-%d","checks":[` +
			`{"name":"state-table","ok":true,"latency_ms":0},{"name":"task-queue","ok":true,"latency_ms":0}]}`
		if diff := cmp.Diff(fmt.Sprintf(healthy, 1), withoutLatency(t, answers[0].Body)); diff != "" {
			t.Errorf("invoke (-want +got):\n%s", diff)
		}
		var response struct {
			StatusCode int
			Body       string
		}
		if err := json.Unmarshal([]byte(answers[1].Body), &response); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprintf(healthy, 2), withoutLatency(t, response.Body)); diff != "" || response.StatusCode != http.StatusOK {
			t.Errorf("url: want 200, got %d (-want +got):\n%s", response.StatusCode, diff)
		}
		const unknown = `{"status":400,"ok":false,"version":"v1.2.3","request_id":"request-3",` +
			`"error":{"code":"unknown_action","message":"unknown action \"stop\", actions: approve, cancel, get, health, list, reject, start"}}`
		if diff := cmp.Diff(unknown, answers[2].Body); diff != "" {
			t.Errorf("unknown (-want +got):\n%s", diff)
		}
		for i, line := range functiontest.JSONLines(t, log) {
			if line["message"] != "answered" || line["requestId"] != fmt.Sprintf("request-%d", i+1) || line["timestamp"] == nil {
				t.Errorf("log line %d: got %v", i, line)
			}
		}
	})

	t.Run("unhealthy is an answer, no failure", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{
			awstest.DescribeTable:      awstest.Error(400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", ""),
			awstest.GetQueueAttributes: {Hang: true},
		})
		// The invocation's time is shorter than the check's own timeout.
		rt := lambdatest.New(t, time.Second, `{"action":"health"}`)
		log, _ := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		if len(answers) != 1 || answers[0].Failed {
			t.Fatalf("want 1 answer, got %+v\n%s", answers, log)
		}
		for _, want := range []string{`"status":503`, `"ok":false`, `"code":"not_found"`, `"code":"timeout"`, `"code":"unhealthy"`} {
			if !strings.Contains(answers[0].Body, want) {
				t.Errorf("want %s, got %s", want, answers[0].Body)
			}
		}
	})

	t.Run("start without permission is an answer, and names no role", func(t *testing.T) {
		t.Parallel()
		denied := awstest.Error(400, "com.amazon.coral.service#AccessDeniedException", "")
		aws := awstest.NewServer(t, map[string]awstest.Reply{"DynamoDB_20120810.PutItem": denied})
		rt := lambdatest.New(t, 20*time.Second, `{"action":"start","input":{"topic":"tides"}}`, `{"action":"start","flow":"none","id":"a b"}`)
		log, _ := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		if len(answers) != 2 || answers[0].Failed {
			t.Fatalf("want 2 answers, got %+v\n%s", answers, log)
		}
		if got := answers[0].Body; !strings.Contains(got, `"status":503`) || !strings.Contains(got, "access_denied") || strings.Contains(got, "role") {
			t.Errorf("got %s", got)
		}
		if got := answers[1].Body; !strings.Contains(got, "flow: must be one of research-report") || !strings.Contains(got, "; id: must ") {
			t.Errorf("want both problems, got %s", got)
		}
		if len(aws.Requests("DynamoDB_20120810.PutItem")) != 1 {
			t.Errorf("want one write, got %v", aws.Requests("DynamoDB_20120810.PutItem"))
		}
	})

	t.Run("wrong settings end the start", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckProblems(t, bootstrap, "http://127.0.0.1:1", []string{"TASK_QUEUE=tasks", "KEEP_DAYS=0", "STATE_MACHINES={}"},
			"STATE_TABLE: must be set",
			`KEEP_DAYS: must be a number from 1 to 3650, got "0"`,
			"TASK_QUEUE: must be a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks, got \"tasks\"",
			"STATE_MACHINES: must have research-report, got none",
			"CLUSTER: must be set",
			"AWS_REGION: must be set",
		)
	})

	t.Run("size", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckSize(t, bootstrap)
	})
}

func BenchmarkColdStart(b *testing.B) {
	aws := awstest.NewServer(b, map[string]awstest.Reply{
		awstest.DescribeTable: awstest.Table("ACTIVE"), awstest.GetQueueAttributes: awstest.Queue(),
	})
	functiontest.ColdStart(b, aws.URL, `{"action":"health"}`, settings...)
}

// withoutLatency sets the latencies to 0 and leaves everything else as it is.
func withoutLatency(t *testing.T, body string) string {
	t.Helper()
	var answer struct {
		Checks []struct {
			Latency json.Number `json:"latency_ms"`
		} `json:"checks"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, check := range answer.Checks {
		body = strings.Replace(body, `"latency_ms":`+check.Latency.String()+`}`, `"latency_ms":0}`, 1)
	}
	return body
}
