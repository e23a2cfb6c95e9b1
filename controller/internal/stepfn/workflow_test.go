package stepfn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/sqsqueue"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/awstest"
)

// emulated is the default workflow's definition in the emulator, with its queue.
type emulated struct {
	engine *stepfn.Engine
	queue  *sqsqueue.Queue
	name   string
	tokens map[string][]task.Token // by step, in the order they came
}

// newEmulated has the emulator take the definition as the stack renders it.
func newEmulated(t *testing.T) *emulated {
	t.Helper()
	name := awstest.Name("report")
	config := awstest.Moto(t)
	queues := sqs.NewFromConfig(config)
	made, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatalf("CreateQueue: %v", err)
	}
	workflow := flow.ResearchReport()
	definition, err := flow.Render(workflow, flow.Resources{Partition: "aws", TaskQueueURL: *made.QueueUrl})
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	client := sfn.NewFromConfig(config)
	out, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: &name, RoleArn: aws.String("arn:aws:iam::123456789012:role/any"), Definition: aws.String(string(definition)),
	})
	if err != nil {
		t.Fatalf("CreateStateMachine: %v", err)
	}
	engine, err := stepfn.New(client, map[string]string{workflow.Name: *out.StateMachineArn})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return &emulated{engine: engine, queue: sqsqueue.New(queues, *made.QueueUrl), name: workflow.Name, tokens: map[string][]task.Token{}}
}

// run starts the workflow and answers its messages until it has ended. Answers are
// given every second anew: the emulator loses one that comes before it waits.
func (e *emulated) run(t *testing.T, answer func(*testing.T, task.Kind, task.Spec, task.Token)) port.ExecutionStatus {
	t.Helper()
	input, err := flow.ResearchReport().PrepareInput([]byte(`{"topic":"é <&>"}`))
	if err != nil {
		t.Fatalf("PrepareInput: %v", err)
	}
	if err := e.engine.Start(t.Context(), e.name, "w1", input); err != nil {
		t.Fatalf("Start: %v", err)
	}
	var answers []func()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		for _, again := range answers {
			again()
		}
		status, err := e.engine.Describe(t.Context(), e.name, "w1")
		if err != nil {
			t.Fatalf("Describe: %v", err)
		}
		if status.Status != string(flow.Running) {
			return status
		}
		messages, err := e.queue.Receive(t.Context(), 10, time.Second)
		if err != nil {
			t.Fatalf("Receive: %v", err)
		}
		for _, m := range messages {
			kind, spec, token := decode(t, m.Body)
			e.tokens[spec.Step] = append(e.tokens[spec.Step], token)
			answers = append(answers, func() { answer(t, kind, spec, token) })
			if err := e.queue.Delete(t.Context(), m); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
	}
	t.Fatal("the workflow has not ended within a minute")
	return port.ExecutionStatus{}
}

// decode reads a message as the dispatcher does: strictly.
func decode(t *testing.T, body []byte) (task.Kind, task.Spec, task.Token) {
	t.Helper()
	kind, err := task.KindOf(body)
	if err != nil {
		t.Fatalf("KindOf %s: %v", body, err)
	}
	if kind == task.KindApprovalRequest {
		r, err := task.DecodeApprovalRequest(body)
		if err != nil {
			t.Fatalf("DecodeApprovalRequest %s: %v", body, err)
		}
		return kind, task.Spec{Workflow: r.Workflow, Step: r.Step, Attempt: r.Attempt, Input: r.Input}, r.Token
	}
	o, err := task.DecodeOrder(body)
	if err != nil {
		t.Fatalf("DecodeOrder %s: %v", body, err)
	}
	return kind, o.Spec, o.Token
}

func inline(t *testing.T, value string) []byte {
	t.Helper()
	data, err := json.Marshal(task.Body{Inline: json.RawMessage(value)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decided is an approval's outcome as the step's result.
func decided(t *testing.T, outcome task.Outcome) []byte {
	t.Helper()
	body, err := (task.Decision{
		Workflow: "w1", Step: "approve", Decision: outcome, By: "ann", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}).Body()
	if err != nil {
		t.Fatal(err)
	}
	return inline(t, string(body.Inline))
}

var results = map[string]string{
	"plan": `{"questions":["why","how","when"]}`, "research": `{"facts":[]}`, "analyze": `{"findings":["é"]}`, "write": `{"report":"artifacts/w1/report.md"}`,
}

func TestResearchReportOnTheEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulated(t)
	status := e.run(t, func(t *testing.T, kind task.Kind, s task.Spec, token task.Token) {
		t.Helper()
		output := decided(t, task.OutcomeApproved)
		if kind == task.KindOrder {
			output = inline(t, results[s.Step])
			if err := e.engine.Heartbeat(t.Context(), token); err != nil && !errors.Is(err, port.ErrClosed) {
				t.Errorf("Heartbeat of %s: %v", s.Step, err)
			}
		}
		if err := e.engine.Succeed(t.Context(), token, output); err != nil && !errors.Is(err, port.ErrClosed) {
			t.Errorf("Succeed of %s: %v", s.Step, err)
		}
	})
	var output bytes.Buffer // without the emulator's spaces
	if err := json.Compact(&output, status.Output); err != nil {
		t.Errorf("the output is no JSON: %v", err)
	}
	if status.Status != string(flow.Succeeded) || output.String() != string(inline(t, results["write"])) {
		t.Errorf("ended %s with %s, %s: %s", status.Status, status.Output, status.Error, status.Cause)
	}
	for step, want := range map[string]int{"plan": 1, "research": 3, "analyze": 1, "approve": 1, "write": 1} {
		if got := len(e.tokens[step]); got != want {
			t.Errorf("%s was asked for %d times, want %d", step, got, want)
		}
	}
}

func TestRejectedReportOnTheEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulated(t)
	status := e.run(t, func(t *testing.T, kind task.Kind, s task.Spec, token task.Token) {
		t.Helper()
		output := decided(t, task.OutcomeRejected)
		if kind == task.KindOrder {
			output = inline(t, results[s.Step])
		}
		if err := e.engine.Succeed(t.Context(), token, output); err != nil && !errors.Is(err, port.ErrClosed) {
			t.Errorf("Succeed of %s: %v", s.Step, err)
		}
	})
	if status.Status != string(flow.Failed) || status.Error != "Approval.Rejected" {
		t.Errorf("ended %s with %s: %s", status.Status, status.Error, status.Cause)
	}
}

// An error that another attempt would meet again is not retried.
func TestRefusedTaskOnTheEmulator(t *testing.T) {
	t.Parallel()
	e := newEmulated(t)
	status := e.run(t, func(t *testing.T, _ task.Kind, s task.Spec, token task.Token) {
		t.Helper()
		if err := e.engine.Fail(t.Context(), token, task.ErrorRefused, "declined"); err != nil && !errors.Is(err, port.ErrClosed) {
			t.Errorf("Fail of %s: %v", s.Step, err)
		}
	})
	if status.Status != string(flow.Failed) || status.Error != task.ErrorRefused || len(e.tokens["plan"]) != 1 {
		t.Errorf("ended %s with %s: %s, after %d attempts", status.Status, status.Error, status.Cause, len(e.tokens["plan"]))
	}
}
