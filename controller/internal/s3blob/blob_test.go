package s3blob_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/internal/s3blob"
	"github.com/aegis-agents/aegis/internal/awstest"
)

// The emulator has one address and no name for each bucket.
func pathStyle(o *s3.Options) { o.UsePathStyle = true }

func TestBlob(t *testing.T) {
	t.Parallel()
	client := s3.NewFromConfig(awstest.Moto(t), pathStyle)
	porttest.Blob(t, func(t *testing.T) port.Blob {
		name := awstest.Name("artifacts")
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
			Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuWest1},
		})
		if err != nil {
			t.Fatalf("CreateBucket: %v", err)
		}
		return s3blob.New(client, name)
	})
}

func TestContentType(t *testing.T) {
	t.Parallel()
	var got atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got.Store(r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type"))
	}))
	defer server.Close()
	if err := blob(server.URL).Put(t.Context(), "a/b.md", "text/markdown; charset=utf-8", []byte("x")); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if want := "PUT /artifacts/a/b.md text/markdown; charset=utf-8"; got.Load() != want {
		t.Errorf("want %q, got %q", want, got.Load())
	}
}

func blob(url string) *s3blob.Blob {
	server := awstest.Server{URL: url}
	config := server.Config()
	config.RetryMaxAttempts = 1
	return s3blob.New(s3.NewFromConfig(config, pathStyle), "artifacts")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		code   string
		is     error
		not    error
	}{
		"not there": {404, "NoSuchKey", port.ErrNotFound, port.ErrPermanent},
		"denied":    {403, "AccessDenied", port.ErrPermanent, port.ErrNotFound},
		"no bucket": {404, "NoSuchBucket", port.ErrPermanent, port.ErrNotFound},
		"slow down": {503, "SlowDown", nil, port.ErrPermanent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", tc.code)
			}))
			t.Cleanup(server.Close)
			_, err := blob(server.URL).Get(t.Context(), "k", 1)
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || errors.Is(err, tc.not) {
				t.Errorf("Get: %v", err)
			}
		})
	}
}
