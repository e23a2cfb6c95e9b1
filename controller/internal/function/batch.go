package function

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// parallel is how many messages of a batch are handled at once: each waits for
// a few calls most of its time, and SQS gives up to ten.
const parallel = 10

// Batch handles the messages of an SQS event and reports those that are to come
// again: one that cannot be handled keeps none of the others from being taken.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func Batch(log *slog.Logger, handle func(ctx context.Context, body []byte, sent time.Time) error) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		failed := make([]bool, len(event.Records))
		slots := make(chan struct{}, parallel)
		var running sync.WaitGroup
		for i, record := range event.Records {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots }()
				err := contain(func() error { return handle(ctx, []byte(record.Body), sent(record)) })
				if err != nil {
					failed[i] = true
					log.LogAttrs(ctx, slog.LevelError, "message not handled", slog.String("message", record.MessageId),
						slog.String("receives", record.Attributes["ApproximateReceiveCount"]), slog.String("cause", err.Error()))
				}
			})
		}
		running.Wait()
		// Lambda takes null for an error of the function, and has all come again.
		response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for i, record := range event.Records {
			if failed[i] {
				response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
			}
		}
		return response, nil
	}
}

// contain makes an error of a panic, which would otherwise take the whole batch along,
// each time that one message comes again.
func contain(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// sent is when a message was sent, the zero time when SQS does not say.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func sent(record events.SQSMessage) time.Time {
	ms, err := strconv.ParseInt(record.Attributes["SentTimestamp"], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
