package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/aegis-agents/aegis/agents/internal/transport"
)

// fakeAWS is a configuration that leads to handler.
func fakeAWS(t *testing.T, handler http.Handler) aws.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
}

// fakeS3 knows PutObject and GetObject of one bucket.
func fakeS3() http.Handler {
	var mu sync.Mutex
	objects := map[string][]byte{}
	fail := func(w http.ResponseWriter, status int, code string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `<Error><Code>`+code+`</Code><Message>no</Message></Error>`)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, ok := strings.CutPrefix(r.URL.Path, "/bucket/")
		if !ok {
			fail(w, http.StatusForbidden, "AccessDenied")
			return
		}
		mu.Lock()
		defer mu.Unlock()
		switch r.Method {
		case http.MethodPut:
			data, err := io.ReadAll(r.Body)
			if err != nil || r.Header.Get("Content-Type") == "" {
				fail(w, http.StatusBadRequest, "InvalidRequest")
				return
			}
			objects[key] = data
		case http.MethodGet:
			if data, ok := objects[key]; ok {
				_, _ = w.Write(data)
				return
			}
			fail(w, http.StatusNotFound, "NoSuchKey")
		}
	})
}

// Both stores keep the same promises.
func TestObjects(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T) transport.Objects{
		"folder": func(t *testing.T) transport.Objects { return transport.NewFolder(t.TempDir() + "/new") },
		"bucket": func(t *testing.T) transport.Objects { return transport.NewBucket(fakeAWS(t, fakeS3()), "bucket") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, objects, key := t.Context(), make(t), "objects/sha256/abc"
			if _, err := objects.Get(ctx, key, 10); !errors.Is(err, transport.ErrNotFound) {
				t.Errorf("before Put: got %v, want ErrNotFound", err)
			}
			for _, data := range []string{"first", "", "later"} {
				if err := objects.Put(ctx, key, "text/plain", []byte(data)); err != nil {
					t.Fatal(err)
				}
				if got, err := objects.Get(ctx, key, 5); err != nil || string(got) != data {
					t.Errorf("got %q %v, want %q", got, err, data)
				}
			}
			if _, err := objects.Get(ctx, key, 4); !errors.Is(err, transport.ErrTooLarge) {
				t.Errorf("over the limit: got %v, want ErrTooLarge", err)
			}
			for _, bad := range []string{"", ".", "..", "../a", "a/../b", "/a", "a//b", "a\\b", "a/"} {
				if err := objects.Put(ctx, bad, "text/plain", nil); err == nil || !strings.Contains(err.Error(), "must be a clean relative path") {
					t.Errorf("Put %q: got %v, want a refusal", bad, err)
				}
				if _, err := objects.Get(ctx, bad, 5); err == nil || !strings.Contains(err.Error(), "must be a clean relative path") {
					t.Errorf("Get %q: got %v, want a refusal", bad, err)
				}
			}
			ended, cancel := context.WithCancel(ctx)
			cancel()
			if err := objects.Put(ended, key, "text/plain", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("ended context: got %v", err)
			}
		})
	}
}

func TestBucketDenied(t *testing.T) {
	t.Parallel()
	bucket := transport.NewBucket(fakeAWS(t, fakeS3()), "foreign")
	if err := bucket.Put(t.Context(), "a", "text/plain", []byte("a")); !errors.Is(err, transport.ErrDenied) {
		t.Errorf("Put: got %v, want ErrDenied", err)
	}
	if _, err := bucket.Get(t.Context(), "a", 1); !errors.Is(err, transport.ErrDenied) {
		t.Errorf("Get: got %v, want ErrDenied", err)
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		http.StatusNoContent: nil, http.StatusGone: transport.ErrGone, http.StatusBadRequest: transport.ErrRefused,
		http.StatusForbidden: transport.ErrRefused, http.StatusFound: transport.ErrRefused,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		if err := transport.NewCallback(server.URL).Send(t.Context(), []byte("{}")); !errors.Is(err, want) {
			t.Errorf("%d: got %v, want %v", status, err, want)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(server.Close)
	err := transport.NewCallback(server.URL).Send(t.Context(), []byte("{}"))
	if err == nil || errors.Is(err, transport.ErrRefused) || errors.Is(err, transport.ErrGone) {
		t.Errorf("500: got %v, want an error that may go away", err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	var sent string
	queue := transport.NewQueue(fakeAWS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if sent != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"no"}`)
			return
		}
		sent = string(body)
		// The SDK compares the MD5 of what it has sent: this is that of {}.
		_, _ = io.WriteString(w, `{"MessageId":"1","MD5OfMessageBody":"99914b932bd37a50b983c5e7c90ae93b"}`)
	})), "https://sqs.eu-central-1.amazonaws.com/123456789012/callbacks")
	if err := queue.Send(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(sent, `"MessageBody":"{}"`) || !strings.Contains(sent, "123456789012/callbacks") {
		t.Errorf("sent %s", sent)
	}
	if err := queue.Send(t.Context(), []byte("{}")); !errors.Is(err, transport.ErrDenied) {
		t.Errorf("got %v, want ErrDenied", err)
	}
}
