package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Live is an emulated runtime API that hands out payloads as they come, for a
// function that keeps running.
type Live struct {
	// Addr is the value of AWS_LAMBDA_RUNTIME_API.
	Addr string

	timeLimit time.Duration
	payloads  chan string
	answers   chan Answer
	done      chan struct{}
}

// NewLive starts a Live for the time of the test, with timeLimit for each invocation.
func NewLive(t testing.TB, timeLimit time.Duration) *Live {
	t.Helper()
	l := &Live{timeLimit: timeLimit, payloads: make(chan string), answers: make(chan Answer), done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", l.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{outcome}", l.post)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(l.done) // before Close, which waits for requests
		server.Close()
	})
	l.Addr = strings.TrimPrefix(server.URL, "http://")
	return l
}

// Invoke has the function handle a payload and returns its answer.
func (l *Live) Invoke(payload string) (Answer, error) {
	timeout := time.NewTimer(l.timeLimit)
	defer timeout.Stop()
	select {
	case l.payloads <- payload:
	case <-timeout.C:
		return Answer{}, fmt.Errorf("the function asks for no work after %s", l.timeLimit)
	}
	select {
	case a := <-l.answers:
		return a, nil
	case <-timeout.C:
		return Answer{}, fmt.Errorf("the function has not answered after %s", l.timeLimit)
	}
}

func (l *Live) next(w http.ResponseWriter, req *http.Request) {
	select {
	case payload := <-l.payloads:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", "request")
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(l.timeLimit).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:under-test")
		_, _ = io.WriteString(w, payload)
	case <-l.done:
		w.WriteHeader(http.StatusGone)
	case <-req.Context().Done():
	}
}

func (l *Live) post(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	select {
	case l.answers <- Answer{RequestID: req.PathValue("id"), Body: string(body), Failed: req.PathValue("outcome") == "error"}:
	case <-l.done:
	}
}
