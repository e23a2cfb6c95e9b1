package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answer is what the function posted for an invocation.
type Answer struct {
	RequestID string
	Body      string
	Failed    bool // posted as an error
}

// Runtime is an emulated runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type Runtime struct {
	// Addr is the value of AWS_LAMBDA_RUNTIME_API.
	Addr string

	timeLimit time.Duration
	mu        sync.Mutex
	payloads  []string
	asked     int
	answers   []Answer
	first     time.Time
	answered  time.Time
}

// New starts a Runtime that hands out payloads in order, with request ids
// request-1, request-2 and so on, and timeLimit for each. After the last it
// answers 410, at which a function of aws-lambda-go exits.
func New(t testing.TB, timeLimit time.Duration, payloads ...string) *Runtime {
	t.Helper()
	r := &Runtime{timeLimit: timeLimit, payloads: payloads}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{outcome}", r.post)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	r.Addr = strings.TrimPrefix(server.URL, "http://")
	return r
}

// Asked returns how many times the function asked for an invocation.
func (r *Runtime) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// Answers returns what the function posted so far.
func (r *Runtime) Answers() []Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Answer(nil), r.answers...)
}

// Times returns when the function first asked for an invocation, and when it first answered one.
func (r *Runtime) Times() (asked, answered time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first, r.answered
}

func (r *Runtime) next(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked++; r.asked == 1 {
		r.first = time.Now()
	}
	if r.asked > len(r.payloads) {
		w.WriteHeader(http.StatusGone)
		return
	}
	h := w.Header()
	h.Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("request-%d", r.asked))
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(r.timeLimit).UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:under-test")
	_, _ = io.WriteString(w, r.payloads[r.asked-1])
}

func (r *Runtime) post(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	if r.answered.IsZero() {
		r.answered = time.Now()
	}
	r.answers = append(r.answers, Answer{
		RequestID: req.PathValue("id"),
		Body:      string(body),
		Failed:    req.PathValue("outcome") == "error",
	})
	r.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}
