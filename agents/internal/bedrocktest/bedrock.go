package bedrocktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Reply is one response.
type Reply struct {
	Status int    // default 200
	Code   string // the error's, as ThrottlingException
	Body   string
	Hang   bool // until the client goes away
}

// Server is the fake.
type Server struct {
	URL string

	mu       sync.Mutex
	replies  []Reply
	requests []Request
}

// Request is what a client has sent, as far as tests look at it.
type Request struct {
	Path     string `json:"-"`
	Body     string `json:"-"`
	Messages []struct {
		Role    string           `json:"role"`
		Content []map[string]any `json:"content"`
	} `json:"messages"`
	InferenceConfig struct {
		MaxTokens int `json:"maxTokens"`
	} `json:"inferenceConfig"`
	ToolConfig struct {
		Tools      []any `json:"tools"`
		ToolChoice any   `json:"toolChoice"`
	} `json:"toolConfig"`
}

// New starts a server that gives the replies in their order, the last one again
// and again.
func New(t *testing.T, replies ...Reply) *Server {
	t.Helper()
	s := &Server{replies: replies}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(t, w, r) }))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// serve gives the next reply.
func (s *Server) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("bedrock: %v", err)
	}
	request := Request{Path: r.URL.Path, Body: string(body)}
	if err := json.Unmarshal(body, &request); err != nil {
		t.Errorf("bedrock: %v in %s", err, body)
	}
	s.mu.Lock()
	reply := s.replies[min(len(s.requests), len(s.replies)-1)]
	s.requests = append(s.requests, request)
	s.mu.Unlock()
	if reply.Hang {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if reply.Code != "" {
		w.Header().Set("X-Amzn-Errortype", reply.Code+":http://internal.amazon.com/coral/com.amazon.bedrock/")
	}
	if reply.Status != 0 {
		w.WriteHeader(reply.Status)
	}
	_, _ = io.WriteString(w, reply.Body)
}

// Requests returns what came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Failed is an error of the service.
func Failed(status int, code, message string) Reply {
	return Reply{Status: status, Code: code, Body: fmt.Sprintf(`{"message":%q}`, message)}
}

// Use is a turn that uses a tool. input is JSON.
func Use(tool, input string) Reply {
	return Turn("tool_use", fmt.Sprintf(`{"text":"I use a tool."},{"toolUse":{"toolUseId":"tooluse_%d","name":%q,"input":%s}}`, len(input), tool, input))
}

// Say is a turn of text alone.
func Say(text string) Reply {
	return Turn("end_turn", fmt.Sprintf(`{"text":%s}`, quoted(text)))
}

// Turn is a turn with a stop reason and content blocks. It costs 100 + 10 tokens.
func Turn(stop string, blocks ...string) Reply {
	return Reply{Body: fmt.Sprintf(`{"metrics":{"latencyMs":1},"output":{"message":{"role":"assistant","content":[%s]}},"stopReason":%q,"usage":{"inputTokens":100,"outputTokens":10,"totalTokens":110}}`,
		strings.Join(blocks, ","), stop)}
}

// quoted is a text as JSON.
func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(data)
}
