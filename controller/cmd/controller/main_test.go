package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/awstest"
	"github.com/aegis-agents/aegis/controller/internal/lambdatest"
)

const queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"

// TestBinary builds the function as it is deployed and runs it against
// loopback AWS and a loopback Lambda.
func TestBinary(t *testing.T) {
	t.Parallel()
	bootstrap := build(t)

	t.Run("healthy, by invoke and by URL", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{
			awstest.DescribeTable: awstest.Table("ACTIVE"), awstest.GetQueueAttributes: awstest.Queue(),
		})
		rt := lambdatest.New(t, 20*time.Second,
			`{"action":"health"}`,
			`{"version":"2.0","rawPath":"/health","requestContext":{"http":{"method":"GET","path":"/health"}}}`,
			`{"action":"start"}`,
		)
		log := runToEnd(t, bootstrap, environment(aws, rt.Addr, "STATE_TABLE=state", "TASK_QUEUE="+queueURL))
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
			`"error":{"code":"unknown_action","message":"unknown action \"start\", actions: health"}}`
		if diff := cmp.Diff(unknown, answers[2].Body); diff != "" {
			t.Errorf("unknown (-want +got):\n%s", diff)
		}
		for i, line := range jsonLines(t, log) {
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
		log := runToEnd(t, bootstrap, environment(aws, rt.Addr, "STATE_TABLE=state", "TASK_QUEUE="+queueURL))
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

	t.Run("wrong settings end the start", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, nil)
		rt := lambdatest.New(t, time.Second, `{"action":"health"}`)
		log := runToEnd(t, bootstrap, environment(aws, rt.Addr, "AWS_REGION=", "TASK_QUEUE=tasks"))
		if rt.Asked() != 0 {
			t.Error("the function asked for work")
		}
		lines := jsonLines(t, log)
		if len(lines) != 1 {
			t.Fatalf("want one line, got %s", log)
		}
		want := []any{
			"STATE_TABLE: must be set",
			"TASK_QUEUE: must be a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks, got \"tasks\"",
			"AWS_REGION: must be set",
		}
		if diff := cmp.Diff(want, lines[0]["problems"]); diff != "" || lines[0]["level"] != "ERROR" {
			t.Errorf("log %s (-want +got):\n%s", log, diff)
		}
	})
}

func build(t *testing.T) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -X main.version=v1.2.3", "-o", bootstrap, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bootstrap
}

// environment is the whole environment of the function; later entries win.
func environment(aws *awstest.Server, runtimeAPI string, extra ...string) []string {
	return append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"AWS_ENDPOINT_URL=" + aws.URL,
		"AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=AKIDTEST",
		"AWS_SECRET_ACCESS_KEY=test",
		"HOME=" + os.DevNull, // no configuration of the machine's user
	}, extra...)
}

// runToEnd runs the function until it exits by itself, which must be with
// status 1 and soon, and returns its log.
func runToEnd(t *testing.T, bootstrap string, env []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bootstrap)
	cmd.Env = env
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("want exit status 1, got %v\n%s", err, log.String())
	}
	return log.String()
}

// jsonLines returns the log without the runtime's own last word, which is plain text.
func jsonLines(t *testing.T, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for scanner := bufio.NewScanner(strings.NewReader(log)); scanner.Scan(); {
		if !strings.HasPrefix(scanner.Text(), "{") {
			if !strings.Contains(scanner.Text(), "unexpected status code: 410") {
				t.Errorf("log line is not JSON: %s", scanner.Text())
			}
			continue
		}
		var line map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Errorf("log line: %v", err)
		}
		lines = append(lines, line)
	}
	return lines
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
