package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

var about = About{
	Name: "coordinator", Description: "Plans.",
	Skills: []Skill{{ID: "plan", Name: "Plan", Description: "Plans research.", Tags: []string{"planning"}}},
}

func TestServe(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, about) }()

	url := "http://" + listener.Addr().String()
	for _, tc := range []struct {
		method, path string
		status       int
		body         string
	}{
		{http.MethodGet, "/ping", http.StatusOK, `{"agent":"coordinator","status":"Healthy"}`},
		{http.MethodPost, "/ping", http.StatusMethodNotAllowed, "Method Not Allowed"},
		{http.MethodGet, CardPath, http.StatusOK, `{"protocolVersion":"0.3.0","name":"coordinator","description":"Plans.","version":"0.1.0","url":"` + url + `/","preferredTransport":"JSONRPC","capabilities":{"pushNotifications":false,"stateTransitionHistory":false,"streaming":false},"defaultInputModes":["application/json"],"defaultOutputModes":["application/json"],"skills":[{"id":"plan","name":"Plan","description":"Plans research.","tags":["planning"]}]}`},
		{http.MethodGet, "/other", http.StatusNotFound, "404 page not found"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tc.method, url+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != tc.status || strings.TrimSpace(string(body)) != tc.body {
			t.Errorf("%s %s: got %d %q, want %d %q", tc.method, tc.path, response.StatusCode, body, tc.status, tc.body)
		}
	}

	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","id":7,"method":"message/send"}`: `{"jsonrpc":"2.0","id":7,"error":{"code":-32004,"message":"This operation is not supported: tasks come from the control plane"}}`,
		`{`: `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Invalid JSON payload"}}`,
	} {
		response, err := http.Post(url+"/", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("POST %s: got %s %v, want %s", body, got, err, want)
		}
	}

	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Serve: got %v after ctx ended, want nil", err)
		}
	case <-time.After(grace):
		t.Error("Serve did not return after ctx ended")
	}
}

func TestServeFails(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := Serve(t.Context(), listener, about); err == nil {
		t.Error("Serve on a closed listener: got no error")
	}
}
