package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// Bucket keeps objects in S3.
type Bucket struct {
	client *s3.Client
	name   string
}

// NewBucket returns the store in the bucket called name.
func NewBucket(config aws.Config, name string) *Bucket {
	client := s3.NewFromConfig(config, func(o *s3.Options) {
		// An endpoint of one's own, an emulator's, has no host name per bucket.
		o.UsePathStyle = o.BaseEndpoint != nil
	})
	return &Bucket{client: client, name: name}
}

// Put stores an object.
func (b *Bucket) Put(ctx context.Context, key, contentType string, data []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, ContentType: &contentType, Body: bytes.NewReader(data),
	})
	return awsError(err)
}

// Get returns an object.
func (b *Bucket) Get(ctx context.Context, key string, limit int) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return nil, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, awsError(err)
	}
	defer out.Body.Close()
	return readAtMost(out.Body, key, limit)
}

// Queue sends messages to an SQS queue. A queue knows nobody who waits: it
// never says ErrGone.
type Queue struct {
	client *sqs.Client
	url    string
}

// NewQueue returns the sender to the queue with that URL.
func NewQueue(config aws.Config, url string) *Queue {
	return &Queue{client: sqs.NewFromConfig(config), url: url}
}

// Send sends a message.
func (q *Queue) Send(ctx context.Context, message []byte) error {
	text := string(message)
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &text})
	return awsError(err)
}

// awsError tells a missing permission from what may go away.
func awsError(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		// S3 says AccessDenied where the others say AccessDeniedException.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
		case "AccessDenied", "AccessDeniedException", "NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist":
			return fmt.Errorf("%w: %w", ErrDenied, err)
		}
	}
	return err
}
