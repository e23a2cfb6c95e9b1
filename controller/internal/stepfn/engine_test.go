package stepfn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/awstest"
)

const arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:research"

func TestEngine(t *testing.T) {
	t.Parallel()
	client := sfn.NewFromConfig(awstest.Moto(t))
	out, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(awstest.Name("long")), RoleArn: aws.String("arn:aws:iam::123456789012:role/any"),
		Definition: aws.String(`{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":600,"End":true}}}`),
	})
	if err != nil {
		t.Fatalf("CreateStateMachine: %v", err)
	}
	engine := newEngine(t, client, *out.StateMachineArn)
	flow := porttest.Flow{Name: "f", Input: [2][]byte{[]byte(`{"a":1}`), []byte(`{"a":2}`)}}
	porttest.Engine(t, flow, func(*testing.T) port.Engine { return engine })
}

func newEngine(t *testing.T, client *sfn.Client, arn string) *stepfn.Engine {
	t.Helper()
	engine, err := stepfn.New(client, map[string]string{"f": arn})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return engine
}

func loopback(t *testing.T, operation string, reply awstest.Reply) (*stepfn.Engine, *awstest.Server) {
	t.Helper()
	server := awstest.NewServer(t, map[string]awstest.Reply{"AWSStepFunctions." + operation: reply})
	client := sfn.NewFromConfig(server.Config(), func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
	return newEngine(t, client, arn), server
}

func TestNewListsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := stepfn.New(nil, map[string]string{"b": "research", "a": "arn:aws:sqs:eu-west-1:1:x", "c": arn, "d": arn + ":7"})
	const want = `a: must be the ARN of a state machine, got "arn:aws:sqs:eu-west-1:1:x"` + "\n" +
		`b: must be the ARN of a state machine, got "research"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// The operations, by name.
var operations = map[string]func(context.Context, *stepfn.Engine) error{
	"StartExecution": func(ctx context.Context, e *stepfn.Engine) error { return e.Start(ctx, "f", "w1", []byte("{}")) },
	"DescribeExecution": func(ctx context.Context, e *stepfn.Engine) error {
		_, err := e.Describe(ctx, "f", "w1")
		return err
	},
	"StopExecution":     func(ctx context.Context, e *stepfn.Engine) error { return e.Cancel(ctx, "f", "w1", "c") },
	"SendTaskSuccess":   func(ctx context.Context, e *stepfn.Engine) error { return e.Succeed(ctx, "t", []byte("{}")) },
	"SendTaskFailure":   func(ctx context.Context, e *stepfn.Engine) error { return e.Fail(ctx, "t", "E", "c") },
	"SendTaskHeartbeat": func(ctx context.Context, e *stepfn.Engine) error { return e.Heartbeat(ctx, "t") },
}

func TestErrors(t *testing.T) {
	t.Parallel()
	meanings := []error{port.ErrExists, port.ErrNotFound, port.ErrClosed, port.ErrPermanent}
	for _, tc := range []struct {
		operation, code string
		status          int
		want            error
	}{
		{"StartExecution", "ExecutionAlreadyExists", 400, port.ErrExists},
		{"StartExecution", "InvalidExecutionInput", 400, port.ErrPermanent},
		{"StartExecution", "StateMachineDoesNotExist", 400, port.ErrPermanent},
		{"StartExecution", "AccessDeniedException", 400, port.ErrPermanent},
		{"StartExecution", "ExecutionLimitExceeded", 400, nil},
		{"StartExecution", "ThrottlingException", 400, nil},
		{"StartExecution", "ServiceUnavailable", 503, nil},
		{"DescribeExecution", "ExecutionDoesNotExist", 400, port.ErrNotFound},
		{"StopExecution", "ExecutionDoesNotExist", 400, port.ErrNotFound},
		{"SendTaskSuccess", "TaskTimedOut", 400, port.ErrClosed},
		{"SendTaskSuccess", "TaskDoesNotExist", 400, port.ErrClosed},
		{"SendTaskSuccess", "InvalidOutput", 400, port.ErrPermanent},
		{"SendTaskFailure", "InvalidToken", 400, port.ErrClosed},
		{"SendTaskHeartbeat", "TaskTimedOut", 400, port.ErrClosed},
		{"SendTaskHeartbeat", "InternalFailure", 500, nil},
	} {
		t.Run(tc.operation+" "+tc.code, func(t *testing.T) {
			t.Parallel()
			e, _ := loopback(t, tc.operation, awstest.Error(tc.status, tc.code, ""))
			err := operations[tc.operation](t.Context(), e)
			if err == nil {
				t.Fatal("no error")
			}
			for _, meaning := range meanings {
				if errors.Is(err, meaning) != (tc.want != nil && errors.Is(tc.want, meaning)) {
					t.Errorf("want %v, got %v", tc.want, err)
				}
			}
		})
	}
}

func TestUnknownFlow(t *testing.T) {
	t.Parallel()
	e, _ := loopback(t, "", awstest.Reply{})
	if err := e.Start(t.Context(), "g", "w", nil); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("Start: %v", err)
	}
	if _, err := e.Describe(t.Context(), "g", "w"); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("Describe: %v", err)
	}
	if err := e.Cancel(t.Context(), "g", "w", ""); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("Cancel: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]port.ExecutionStatus{
		`"RUNNING"`:         {Status: "running"},
		`"PENDING_REDRIVE"`: {Status: "running"},
		`"SUCCEEDED","stopDate":1700000060,"output":"{\"a\":1}"`:    {Status: "succeeded", Output: []byte(`{"a":1}`)},
		`"FAILED","stopDate":1700000060,"error":"E","cause":"why"`:  {Status: "failed", Error: "E", Cause: "why"},
		`"TIMED_OUT","stopDate":1700000060`:                         {Status: "timed_out"},
		`"ABORTED","stopDate":1700000060,"error":"E","cause":"who"`: {Status: "cancelled", Error: "E", Cause: "who"},
	} {
		t.Run(want.Status, func(t *testing.T) {
			t.Parallel()
			e, server := loopback(t, "DescribeExecution", awstest.OK(`{"executionArn":"x","startDate":1700000000,"status":`+status+`}`))
			want.Started = time.Unix(1700000000, 0).UTC()
			if strings.Contains(status, "stopDate") {
				want.Stopped = time.Unix(1700000060, 0).UTC()
			}
			got, err := e.Describe(t.Context(), "f", "w1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			const execution = `"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:research:w1"`
			if requests := server.Requests("AWSStepFunctions.DescribeExecution"); len(requests) != 1 || !strings.Contains(requests[0], execution) {
				t.Errorf("requests: %v", requests)
			}
		})
	}
}

func TestFailCutsWhatIsTooLong(t *testing.T) {
	t.Parallel()
	e, server := loopback(t, "SendTaskFailure", awstest.OK("{}"))
	if err := e.Fail(t.Context(), "t", strings.Repeat("e", task.MaxError+1), strings.Repeat("é", task.MaxCause/2+1)); err != nil {
		t.Fatal(err)
	}
	request := server.Requests("AWSStepFunctions.SendTaskFailure")[0]
	if !strings.Contains(request, `"`+strings.Repeat("e", task.MaxError)+`"`) || strings.Count(request, "é") != task.MaxCause/2 {
		t.Errorf("a request of %d bytes", len(request))
	}
}
