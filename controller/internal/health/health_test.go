package health

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/internal/awstest"
)

const queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"

// newChecker returns a Checker with the real clients, pointed at replies.
func newChecker(t *testing.T, table, queue awstest.Reply) (*Checker, *awstest.Server, *bytes.Buffer) {
	t.Helper()
	server := awstest.NewServer(t, map[string]awstest.Reply{
		awstest.DescribeTable: table, awstest.GetQueueAttributes: queue,
	})
	cfg := server.Config()
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	return New(log, dynamodb.NewFromConfig(cfg), "state", sqs.NewFromConfig(cfg), queueURL), server, &logged
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"ACTIVE", "UPDATING"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			c, server, logged := newChecker(t, awstest.Table(status), awstest.Queue())
			want := []Check{{Name: "state-table", OK: true}, {Name: "task-queue", OK: true}}
			if diff := cmp.Diff(want, c.Run(t.Context()), cmpopts.IgnoreFields(Check{}, "LatencyMS")); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{`{"TableName":"state"}`}, server.Requests(awstest.DescribeTable)); diff != "" {
				t.Errorf("DescribeTable (-want +got):\n%s", diff)
			}
			wantQueue := []string{`{"AttributeNames":["QueueArn"],"QueueUrl":"` + queueURL + `"}`}
			if diff := cmp.Diff(wantQueue, server.Requests(awstest.GetQueueAttributes)); diff != "" {
				t.Errorf("GetQueueAttributes (-want +got):\n%s", diff)
			}
			if logged.Len() > 0 {
				t.Errorf("nothing to log, got %s", logged)
			}
		})
	}
}

// The errors are as the services send them, through the real clients.
func TestTableProblems(t *testing.T) {
	t.Parallel()
	const ddb = "com.amazonaws.dynamodb.v20120810#"
	for name, tc := range map[string]struct {
		reply   awstest.Reply
		code    awserr.Kind
		message string
		remedy  string // a part of it
	}{
		"denied": {
			awstest.Error(400, "com.amazon.coral.service#AccessDeniedException", ""),
			awserr.AccessDenied, `access to table "state" is denied`, "allow dynamodb:DescribeTable",
		},
		"not found": {
			awstest.Error(400, ddb+"ResourceNotFoundException", ""),
			awserr.NotFound, `table "state" is not found`, "see that STATE_TABLE names one",
		},
		"credentials": {
			awstest.Error(400, "com.amazon.coral.service#UnrecognizedClientException", ""),
			awserr.BadCredentials, "DynamoDB does not accept the function's credentials", "role exists",
		},
		"throttled": {
			awstest.Error(400, ddb+"ThrottlingException", ""),
			awserr.Throttled, `DynamoDB throttles the requests about table "state"`, "less often",
		},
		"fault": {
			awstest.Error(500, ddb+"InternalServerError", ""),
			awserr.Unavailable, `DynamoDB failed to answer about table "state"`, "Health Dashboard",
		},
		"not an error of ours": {
			awstest.Error(400, "com.amazon.coral.validate#ValidationException", ""),
			awserr.Failed, `the request about table "state" failed`, "the function's log",
		},
		"connection lost": {
			awstest.Reply{Drop: true},
			awserr.Unreachable, "DynamoDB cannot be reached", "DNS, routes",
		},
		"creating": {
			awstest.Table("CREATING"), NotReady, `table "state" must be ACTIVE or UPDATING, got CREATING`, "wait until",
		},
		"deleting": {
			awstest.Table("DELETING"), NotReady, `table "state" must be ACTIVE or UPDATING, got DELETING`, "restore it",
		},
		"key lost": {
			awstest.Table("INACCESSIBLE_ENCRYPTION_CREDENTIALS"), NotReady,
			`table "state" must be ACTIVE or UPDATING, got INACCESSIBLE_ENCRYPTION_CREDENTIALS`, "KMS key",
		},
		"a status to come": {
			awstest.Table("NEW_STATUS"), NotReady, `table "state" must be ACTIVE or UPDATING, got NEW_STATUS`, "console",
		},
		"no status": {
			awstest.OK(`{}`), NotReady, `table "state" must be ACTIVE or UPDATING, got unknown`, "console",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := newChecker(t, tc.reply, awstest.Queue())
			checks := c.Run(t.Context())
			checkProblem(t, checks[0], tc.code, tc.message, tc.remedy)
			if !checks[1].OK {
				t.Errorf("the queue must be fine, got %+v", checks[1].Error)
			}
		})
	}
}

func TestQueueProblems(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply   awstest.Reply
		code    awserr.Kind
		message string
		remedy  string
	}{
		"denied": {
			awstest.Error(403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied;Sender"),
			awserr.AccessDenied, `access to queue "tasks" is denied`, "allow sqs:GetQueueAttributes",
		},
		"not found": {
			awstest.Error(400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
			awserr.NotFound, `queue "tasks" is not found`, "see that TASK_QUEUE names one",
		},
		"not found, code of the new protocol only": {
			awstest.Error(400, "com.amazonaws.sqs#QueueDoesNotExist", ""),
			awserr.NotFound, `queue "tasks" is not found`, "deploy the stack",
		},
		"credentials": {
			awstest.Error(403, "com.amazon.coral.service#UnrecognizedClientException", "InvalidClientTokenId;Sender"),
			awserr.BadCredentials, "SQS does not accept the function's credentials", "role exists",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := newChecker(t, awstest.Table("ACTIVE"), tc.reply)
			checks := c.Run(t.Context())
			checkProblem(t, checks[1], tc.code, tc.message, tc.remedy)
			if !checks[0].OK {
				t.Errorf("the table must be fine, got %+v", checks[0].Error)
			}
		})
	}
}

func TestHangingServiceTimesOutAlone(t *testing.T) {
	t.Parallel()
	c, _, _ := newChecker(t, awstest.Reply{Hang: true}, awstest.Queue())
	c.timeout = 200 * time.Millisecond
	started := time.Now()
	checks := c.Run(t.Context())
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	checkProblem(t, checks[0], awserr.Timeout, `DynamoDB gave no answer about table "state" in time`, "endpoint to DynamoDB")
	if checks[0].LatencyMS < 150 { // the deadline's clock starts before the check's
		t.Errorf("latency: want about 200, got %d", checks[0].LatencyMS)
	}
	if !checks[1].OK {
		t.Errorf("the queue must be fine, got %+v", checks[1].Error)
	}
}

func TestChecksRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	c, server, _ := newChecker(t, awstest.Reply{Hang: true}, awstest.Reply{Hang: true})
	c.timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []Check)
	go func() { done <- c.Run(ctx) }()
	// Both requests arrive though neither is answered.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if len(server.Requests(awstest.DescribeTable)) > 0 && len(server.Requests(awstest.GetQueueAttributes)) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the second check waits for the first")
		}
	}
	cancel()
	<-done
}

func TestInvocationDeadlineIsKept(t *testing.T) {
	t.Parallel()
	c, _, _ := newChecker(t, awstest.Reply{Hang: true}, awstest.Reply{Hang: true})
	c.timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), answerMargin+300*time.Millisecond)
	defer cancel()
	for _, check := range c.Run(ctx) {
		if check.OK || check.Error.Code != awserr.Timeout {
			t.Errorf("%s: want a timeout, got %+v", check.Name, check)
		}
	}
	if ctx.Err() != nil {
		t.Error("no time is left to answer")
	}
}

func TestOneDeadConnectionIsNoFailure(t *testing.T) {
	t.Parallel()
	c, server, _ := newChecker(t, awstest.Reply{Drop: true}, awstest.Queue())
	c.Run(t.Context())
	if got := len(server.Requests(awstest.DescribeTable)); got != attempts {
		t.Errorf("want %d attempts, got %d", attempts, got)
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	denied := awstest.Error(403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied;Sender")
	c, _, logged := newChecker(t, awstest.Table("CREATING"), denied)
	action := c.Action()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	got, err := action.Run(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := api.Failure(503, Unhealthy,
		`state-table: table "state" must be ACTIVE or UPDATING, got CREATING; task-queue: access to queue "tasks" is denied`)
	if diff := cmp.Diff(&want, got.Base()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	// What AWS says about roles is for the log only.
	if strings.Contains(string(encoded), "role/secret") {
		t.Errorf("the answer must not show the client's error, got %s", encoded)
	}
	if !strings.Contains(logged.String(), "role/secret") {
		t.Errorf("the log must show the client's error, got %s", logged)
	}
	if got := strings.Count(logged.String(), `"requestId":"r-1"`); got != 2 {
		t.Errorf("want the request id on both lines, got %s", logged)
	}
}

func TestActionTakesNoFields(t *testing.T) {
	t.Parallel()
	c, server, _ := newChecker(t, awstest.Table("ACTIVE"), awstest.Queue())
	_, err := c.Action().Run(t.Context(), api.Fields{"deep": json.RawMessage("true")})
	if err == nil || err.Error() != `unknown field "deep"` {
		t.Errorf("want unknown field, got %v", err)
	}
	if len(server.Requests(awstest.DescribeTable)) > 0 {
		t.Error("a refused request must not reach AWS")
	}
}

func checkProblem(t *testing.T, got Check, code awserr.Kind, message, remedy string) {
	t.Helper()
	if got.OK || got.Error == nil {
		t.Fatalf("%s: want %s, got ok", got.Name, code)
	}
	if got.Error.Code != code {
		t.Errorf("code: want %s, got %s", code, got.Error.Code)
	}
	if got.Error.Message != message {
		t.Errorf("message:\nwant %s\ngot  %s", message, got.Error.Message)
	}
	if !strings.Contains(got.Error.Remedy, remedy) {
		t.Errorf("remedy: want one with %q, got %q", remedy, got.Error.Remedy)
	}
}
