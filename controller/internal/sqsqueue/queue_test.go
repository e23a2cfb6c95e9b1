package sqsqueue_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/internal/sqsqueue"
	"github.com/aegis-agents/aegis/internal/awstest"
)

func TestQueue(t *testing.T) {
	t.Parallel()
	client := sqs.NewFromConfig(awstest.Moto(t))
	porttest.Queue(t, time.Second, func(t *testing.T) port.Queue {
		name := awstest.Name("tasks")
		out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"VisibilityTimeout": "1"}})
		if err != nil {
			t.Fatalf("CreateQueue: %v", err)
		}
		return sqsqueue.New(client, *out.QueueUrl)
	})
}

const (
	sendMessage    = "AmazonSQS.SendMessage"
	receiveMessage = "AmazonSQS.ReceiveMessage"
	deleteMessage  = "AmazonSQS.DeleteMessage"
)

func queue(t *testing.T, operation string, reply awstest.Reply) (*sqsqueue.Queue, *awstest.Server) {
	t.Helper()
	server := awstest.NewServer(t, map[string]awstest.Reply{operation: reply})
	client := sqs.NewFromConfig(server.Config(), func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
	return sqsqueue.New(client, server.URL+"/123456789012/tasks"), server
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply     awstest.Reply
		permanent bool
	}{
		"denied":    {awstest.Error(403, "com.amazonaws.sqs#AccessDenied", "AccessDenied;Sender"), true},
		"no queue":  {awstest.Error(400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"), true},
		"contents":  {awstest.Error(400, "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents;Sender"), true},
		"throttled": {awstest.Error(400, "com.amazonaws.sqs#RequestThrottled", "RequestThrottled;Sender"), false},
		"fault":     {awstest.Error(500, "InternalFailure", ""), false},
		"dropped":   {awstest.Reply{Drop: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, _ := queue(t, sendMessage, tc.reply)
			if err := q.Send(t.Context(), []byte("x")); err == nil || errors.Is(err, port.ErrPermanent) != tc.permanent {
				t.Errorf("Send: %v", err)
			}
			q, _ = queue(t, receiveMessage, tc.reply)
			if _, err := q.Receive(t.Context(), 1, 0); err == nil || errors.Is(err, port.ErrPermanent) != tc.permanent {
				t.Errorf("Receive: %v", err)
			}
		})
	}
}

func TestDeleteWithAnOldReceiptIsNoError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind, query string
		fails       bool
	}{
		"invalid": {"com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender", false},
		"expired": {"com.amazonaws.sqs#InvalidParameterValue", "InvalidParameterValue;Sender", false},
		"denied":  {"com.amazonaws.sqs#AccessDenied", "AccessDenied;Sender", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, _ := queue(t, deleteMessage, awstest.Error(400, tc.kind, tc.query))
			if err := q.Delete(t.Context(), port.Message{Receipt: "r"}); (err != nil) != tc.fails {
				t.Errorf("Delete: %v", err)
			}
		})
	}
}

func TestReceiveAsksForWholeSeconds(t *testing.T) {
	t.Parallel()
	q, server := queue(t, receiveMessage, awstest.OK(`{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b","MD5OfBody":"92eb5ffee6ae2fec3ad71c777531578f","Attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1000"}}]}`))
	got, err := q.Receive(t.Context(), 3, 1500*time.Millisecond)
	if err != nil || len(got) != 1 {
		t.Fatalf("Receive: %+v %v", got, err)
	}
	if m := got[0]; m.ID != "m" || m.Receipt != "r" || string(m.Body) != "b" || m.Receives != 3 || !m.Sent.Equal(time.Unix(1, 0)) {
		t.Errorf("got %+v", m)
	}
	if requests := server.Requests(receiveMessage); len(requests) != 1 || !strings.Contains(requests[0], `"WaitTimeSeconds":2`) || !strings.Contains(requests[0], `"MaxNumberOfMessages":3`) {
		t.Errorf("requests: %v", requests)
	}
}
