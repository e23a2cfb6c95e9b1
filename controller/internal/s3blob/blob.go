package s3blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Blob = (*Blob)(nil)

// Blob is a port.Blob.
type Blob struct {
	client *s3.Client
	bucket string
}

// New returns the Blob in a bucket.
func New(client *s3.Client, bucket string) *Blob {
	return &Blob{client: client, bucket: bucket}
}

// Put is port.Blob's.
func (b *Blob) Put(ctx context.Context, key, contentType string, data []byte) error {
	if err := port.CheckObjectKey(key); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(data),
	})
	return failed(key, err)
}

// Get is port.Blob's.
func (b *Blob) Get(ctx context.Context, key string, limit int) ([]byte, error) {
	if err := port.CheckObjectKey(key); err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: &key})
	if err != nil {
		return nil, failed(key, err)
	}
	defer out.Body.Close()
	// One byte more than allowed shows that there is more.
	data, err := io.ReadAll(io.LimitReader(out.Body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, failed(key, err)
	case len(data) > limit:
		return nil, fmt.Errorf("object %s: %w: more than %d bytes", key, task.ErrTooLarge, limit)
	}
	return data, nil
}

// failed names the object, and what another attempt would meet again. Whoever
// may not list the bucket is told AccessDenied of an object that is not there.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func failed(key string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*types.NoSuchKey](err); ok {
		return fmt.Errorf("object %s: %w", key, port.ErrNotFound)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if awserr.KindOf(err) == awserr.AccessDenied || ok && api.ErrorCode() == "NoSuchBucket" {
		return fmt.Errorf("object %s: %w: %w", key, port.ErrPermanent, err)
	}
	return fmt.Errorf("object %s: %w", key, err)
}
