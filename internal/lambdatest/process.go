package lambdatest

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/aegis-agents/aegis/internal/awstest"
)

// Process is a function's binary that runs, with a Live for it.
type Process struct {
	// Log is what it wrote to its output and its log so far.
	Log awstest.Output

	t    testing.TB
	name string
	live *Live
}

// Start runs a bootstrap for the time of the test, with timeLimit for each
// invocation. environment is all that it gets, besides the runtime API's address.
// A test that fails shows what the function wrote.
func Start(t testing.TB, name, bootstrap string, timeLimit time.Duration, environment []string) *Process {
	t.Helper()
	p := &Process{t: t, name: name, live: NewLive(t, timeLimit)}
	cmd := exec.CommandContext(t.Context(), bootstrap)
	cmd.Dir = filepath.Dir(bootstrap)
	cmd.Env = append(slices.Clone(environment), "AWS_LAMBDA_RUNTIME_API="+p.live.Addr)
	cmd.Stdout, cmd.Stderr = &p.Log, &p.Log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // killed with the test's context
		if t.Failed() {
			t.Logf("%s:\n%s", name, p.Log.String())
		}
	})
	return p
}

// Invoke has the function handle a payload and returns its answer, which must not
// be an error.
func (p *Process) Invoke(payload string) string {
	p.t.Helper()
	answer, err := p.live.Invoke(payload)
	if err != nil || answer.Failed {
		p.t.Fatalf("%s: %+v %v", p.name, answer, err)
	}
	return answer.Body
}

// Deliver gives what is in a queue to the function, at most a batch, as an event
// source mapping with partial responses does. The function must handle all of it.
func (p *Process) Deliver(client *sqs.Client, queueURL, queueARN string, batch int32) {
	p.t.Helper()
	out, err := client.ReceiveMessage(p.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &queueURL, MaxNumberOfMessages: batch, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if len(out.Messages) == 0 {
		return
	}
	var event events.SQSEvent
	for _, m := range out.Messages {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: queueARN, AWSRegion: client.Options().Region,
		})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := p.Invoke(string(payload)); got != `{"batchItemFailures":[]}` {
		p.t.Fatalf("%s: %s of %s", p.name, got, payload)
	}
	for _, m := range out.Messages {
		if _, err := client.DeleteMessage(p.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queueURL, ReceiptHandle: m.ReceiptHandle}); err != nil {
			p.t.Fatal(err)
		}
	}
}
