package health

import (
	"context"
	"fmt"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queueReader is the part of *sqs.Client that the check uses.
type queueReader interface {
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

func queueProbe(queues queueReader, queueURL string) probe {
	t := target{
		noun: fmt.Sprintf("queue %q", path.Base(queueURL)), service: "SQS",
		permission: "sqs:GetQueueAttributes", setting: "TASK_QUEUE",
	}
	retryer := newRetryer()
	return probe{name: "task-queue", run: func(ctx context.Context) (*Problem, error) {
		// The ARN is the one attribute that costs SQS no look at the messages.
		_, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl:       aws.String(queueURL),
			AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
		}, func(o *sqs.Options) { o.Retryer = retryer })
		if err != nil {
			return t.problem(err), err
		}
		return nil, nil
	}}
}
