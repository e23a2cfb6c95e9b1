package awstest

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The operations, as the X-Amz-Target header names them.
const (
	DescribeTable      = "DynamoDB_20120810.DescribeTable"
	GetQueueAttributes = "AmazonSQS.GetQueueAttributes"
)

// Reply is what the server answers to an operation.
type Reply struct {
	Status int
	Header map[string]string
	Body   string
	// Hang leaves the request without an answer until the client gives up.
	Hang bool
	// Drop closes the connection instead of answering.
	Drop bool
	// Answer, when set, says what to answer to a request's body, instead of all
	// else. It is called for one request at a time.
	Answer func(body string) Reply
}

// OK is a successful reply.
func OK(body string) Reply { return Reply{Status: http.StatusOK, Body: body} }

// Table is the reply to DescribeTable for a table in status.
func Table(status string) Reply {
	return OK(fmt.Sprintf(`{"Table":{"TableName":"state","TableStatus":%q}}`, status))
}

// Queue is the reply to GetQueueAttributes for a queue that exists.
func Queue() Reply {
	return OK(`{"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-1:123456789012:tasks"}}`)
}

// Error is a refusal as both services send it: the type in the body, and, when
// query is not empty, the code of SQS's former protocol in a header.
func Error(status int, kind, query string) Reply {
	r := Reply{Status: status, Body: fmt.Sprintf(`{"__type":%q,"message":"role arn:aws:iam::123456789012:role/secret"}`, kind)}
	if query != "" {
		r.Header = map[string]string{"X-Amzn-Query-Error": query}
	}
	return r
}

// Server is one endpoint for all services.
type Server struct {
	URL string

	mu       sync.Mutex
	replies  map[string]Reply
	requests map[string][]string
}

// NewServer starts a Server for the time of the test.
func NewServer(t testing.TB, replies map[string]Reply) *Server {
	t.Helper()
	s := &Server{replies: replies, requests: map[string][]string{}}
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, stop)
	}))
	t.Cleanup(func() {
		close(stop) // before Close, which waits for hanging requests
		server.Close()
	})
	s.URL = server.URL
	return s
}

// Requests returns the bodies of the requests for an operation so far.
func (s *Server) Requests(operation string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests[operation]...)
}

// Config is an SDK configuration that sends everything to the server.
func (s *Server) Config() aws.Config { return config(s.URL) }

const region = "eu-west-1"

func config(url string) aws.Config {
	return aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "test"}, nil
		}),
		BaseEndpoint: aws.String(url),
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
	operation := r.Header.Get("X-Amz-Target")
	body, _ := io.ReadAll(r.Body) // a request cut short shows as a wrong body
	s.mu.Lock()
	s.requests[operation] = append(s.requests[operation], string(body))
	reply, ok := s.replies[operation]
	if reply.Answer != nil {
		reply = reply.Answer(string(body))
	}
	s.mu.Unlock()
	switch {
	case !ok:
		http.Error(w, "the test has no reply to "+operation, http.StatusNotImplemented)
		return
	case reply.Drop:
		panic(http.ErrAbortHandler)
	case reply.Hang:
		select {
		case <-r.Context().Done():
		case <-stop:
		}
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	// DynamoDB sends it and its client checks it.
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(reply.Body))), 10))
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body)
}
