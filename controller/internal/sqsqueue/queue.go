package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Queue = (*Queue)(nil)

// Queue is a port.Queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// New returns the Queue with the URL.
func New(client *sqs.Client, url string) *Queue {
	return &Queue{client: client, url: url}
}

// Send is port.Queue's.
func (q *Queue) Send(ctx context.Context, body []byte) error {
	switch {
	case len(body) > task.MaxMessage:
		return fmt.Errorf("%w: %w: %d bytes", port.ErrPermanent, task.ErrTooLarge, len(body))
	case len(body) == 0:
		return fmt.Errorf("%w: an empty message", port.ErrPermanent)
	}
	text := string(body)
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &text})
	return failed(err)
}

// Receive is port.Queue's.
func (q *Queue) Receive(ctx context.Context, limit int, wait time.Duration) ([]port.Message, error) {
	if err := port.CheckReceive(limit, wait.Seconds()); err != nil {
		return nil, err
	}
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(limit),
		WaitTimeSeconds: int32((wait + time.Second - 1) / time.Second), // it takes whole ones
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp,
		},
	})
	if err != nil {
		return nil, failed(err)
	}
	var messages []port.Message
	for _, m := range out.Messages {
		messages = append(messages, message(m))
	}
	return messages, nil
}

// Delete is port.Queue's.
func (q *Queue) Delete(ctx context.Context, m port.Message) error {
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &m.Receipt})
	// One that is no longer valid: the message is gone, or on its way again.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
	if _, ok := errors.AsType[*types.ReceiptHandleIsInvalid](err); ok {
		return nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "InvalidParameterValue" {
		return nil // so does it call a receipt that has expired
	}
	return failed(err)
}

func message(m types.Message) port.Message {
	number := func(name types.MessageSystemAttributeName, missing int64) int64 {
		n, err := strconv.ParseInt(m.Attributes[string(name)], 10, 64)
		if err != nil {
			return missing
		}
		return n
	}
	p := port.Message{Receives: int(number(types.MessageSystemAttributeNameApproximateReceiveCount, 1))}
	if sent := number(types.MessageSystemAttributeNameSentTimestamp, 0); sent > 0 {
		p.Sent = time.UnixMilli(sent).UTC()
	}
	for to, from := range map[*string]*string{&p.ID: m.MessageId, &p.Receipt: m.ReceiptHandle} {
		if from != nil {
			*to = *from
		}
	}
	if m.Body != nil {
		p.Body = []byte(*m.Body)
	}
	return p
}

// failed marks what another attempt would meet again.
func failed(err error) error {
	if err == nil {
		return nil
	}
	api, ok := errors.AsType[smithy.APIError](err)
	kind := awserr.KindOf(err)
	if ok && api.ErrorCode() == "InvalidMessageContents" || kind == awserr.AccessDenied || kind == awserr.NotFound {
		return fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	return err
}
