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
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/awstest"
	"github.com/aegis-agents/aegis/internal/lambdatest"
)

const (
	secret  = `{"current":"k1","keys":{"k1":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}`
	getItem = "DynamoDB_20120810.GetItem"
	putItem = "DynamoDB_20120810.PutItem"
	getKeys = "secretsmanager.GetSecretValue"
)

var settings = []string{
	"STATE_TABLE=state", "MAC_SECRET=arn:aws:secretsmanager:eu-west-1:123456789012:secret:mac", "METRICS_NAMESPACE=Test",
}

func secretReply() awstest.Reply { return awstest.OK(fmt.Sprintf(`{"SecretString":%q}`, secret)) }

// heartbeat is a message of an agent, with a MAC of the ring or of another.
func heartbeat(t testing.TB, forged bool) string {
	t.Helper()
	text := secret
	if forged {
		text = strings.Replace(secret, "AAEC", "AQEC", 1)
	}
	ring, err := keyring.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	id := task.NewID("wf-1", "plan", 0, 0)
	m, err := task.Heartbeat{TaskID: id, MAC: ring.Sign(id, time.Now().Add(time.Hour)), At: time.Now().UTC()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func batch(t testing.TB, bodies ...string) string {
	t.Helper()
	var event events.SQSEvent
	for i, body := range bodies {
		event.Records = append(event.Records, events.SQSMessage{MessageId: fmt.Sprintf("m%d", i), Body: body})
	}
	data, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestBinary(t *testing.T) {
	t.Parallel()
	bootstrap := functiontest.Build(t)

	t.Run("a batch in parts", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{getItem: awstest.OK(`{}`), getKeys: secretReply()})
		rt := lambdatest.New(t, 20*time.Second, batch(t, heartbeat(t, true), "{", heartbeat(t, false)), batch(t, heartbeat(t, false)))
		log, metrics := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		// What cannot be read comes again; what is forged, or is too late, does not.
		want := []string{`{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, `{"batchItemFailures":[]}`}
		if len(answers) != 2 {
			t.Fatalf("got %+v\n%s", answers, log)
		}
		if diff := cmp.Diff(want, []string{answers[0].Body, answers[1].Body}); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, log)
		}
		for _, want := range []string{`"AnswersRefused":1`, `"Reason":"forged"`, `"Reason":"malformed"`, `"AnswersDropped":1`, `"Namespace":"Test"`} {
			if !strings.Contains(metrics, want) {
				t.Errorf("metrics: want %s, got %s", want, metrics)
			}
		}
		if reads := len(aws.Requests(getKeys)); reads != 1 {
			t.Errorf("want the secret read once, got %d times", reads)
		}
		if writes := aws.Requests(putItem); len(writes) > 0 {
			t.Errorf("want nothing written, got %v", writes)
		}
		for _, line := range functiontest.JSONLines(t, log) {
			if line["level"] == nil || line["message"] == nil {
				t.Errorf("log line: got %v", line)
			}
		}
	})

	t.Run("a table that does not answer", func(t *testing.T) {
		t.Parallel()
		aws := awstest.NewServer(t, map[string]awstest.Reply{
			getItem: awstest.Error(400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", ""), getKeys: secretReply(),
		})
		rt := lambdatest.New(t, 20*time.Second, batch(t, heartbeat(t, false)))
		log, _ := functiontest.Run(t, bootstrap, functiontest.Environment(aws.URL, rt.Addr, settings...))
		answers := rt.Answers()
		if len(answers) != 1 || answers[0].Body != `{"batchItemFailures":[{"itemIdentifier":"m0"}]}` {
			t.Errorf("want the message to come again, got %+v\n%s", answers, log)
		}
	})

	t.Run("wrong settings end the start", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckProblems(t, bootstrap, "http://127.0.0.1:1", []string{"STATE_TABLE= ", "MAC_SECRET=mac"},
			"STATE_TABLE: must be set", `MAC_SECRET: must be an ARN of secretsmanager, got "mac"`, "AWS_REGION: must be set")
	})

	t.Run("size", func(t *testing.T) {
		t.Parallel()
		functiontest.CheckSize(t, bootstrap)
	})
}

func BenchmarkColdStart(b *testing.B) {
	aws := awstest.NewServer(b, map[string]awstest.Reply{getItem: awstest.OK(`{}`), getKeys: secretReply()})
	functiontest.ColdStart(b, aws.URL, batch(b, heartbeat(b, false)), settings...)
}
