package api_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/api"
)

// event is a function URL event, with the parts Lambda always sends.
func event(method, path, body string, change ...func(*events.LambdaFunctionURLRequest)) string {
	e := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: path, Body: body,
		Headers: map[string]string{"content-type": "application/json", "authorization": "secret"},
		RequestContext: events.LambdaFunctionURLRequestContext{
			RequestID: "r-1",
			HTTP:      events.LambdaFunctionURLRequestContextHTTPDescription{Method: method, Path: path},
		},
	}
	for _, f := range change {
		f(&e)
	}
	payload, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(payload)
}

func invokeURL(t *testing.T, h *api.Handler, payload string) events.LambdaFunctionURLResponse {
	t.Helper()
	var response events.LambdaFunctionURLResponse
	if err := json.Unmarshal([]byte(invoke(t, h, payload)), &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestFunctionURL(t *testing.T) {
	t.Parallel()
	base64Body := func(e *events.LambdaFunctionURLRequest) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
	}
	const pong = `{"status":200,"action":"ping","ok":true,"version":"v1","request_id":"r-1"}`
	for name, tc := range map[string]struct {
		payload string
		status  int
		allow   string
		body    string // the whole body, or the error's message when the status is not 200
	}{
		"post":           {event("POST", "/", `{"action":"ping"}`), 200, "", pong},
		"post, no path":  {event("POST", "", `{"action":"ping"}`), 200, "", pong},
		"post in base64": {event("POST", "/", `{"action":"ping"}`, base64Body), 200, "", pong},
		"get":            {event("GET", "/ping", ""), 200, "", pong},

		"not base64": {
			event("POST", "/", "{}", func(e *events.LambdaFunctionURLRequest) { e.IsBase64Encoded = true }),
			400, "", "the body is marked as base64 and is not",
		},
		"get with a query": {
			event("GET", "/ping", "", func(e *events.LambdaFunctionURLRequest) { e.RawQueryString = "x=1" }),
			400, "", "GET /ping takes neither a query nor a body",
		},
		"get with a body":       {event("GET", "/ping", "{}"), 400, "", "GET /ping takes neither a query nor a body"},
		"unknown path":          {event("GET", "/nope", ""), 404, "", `unknown path "/nope", POST a request to /`},
		"path of no get action": {event("GET", "/echo", ""), 404, "", `unknown path "/echo", POST a request to /`},
		"path with a slash":     {event("GET", "/ping/", ""), 404, "", `unknown path "/ping/", POST a request to /`},
		"get the root":          {event("GET", "/", ""), 405, "POST", `method "GET" is not allowed on /, use POST`},
		"post a get":            {event("POST", "/ping", "{}"), 405, "GET", `method "POST" is not allowed on /ping, use GET`},
		"odd method":            {event("", "/", "{}"), 405, "POST", `method "" is not allowed on /, use POST`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newHandler()
			got := invokeURL(t, h, tc.payload)
			if got.StatusCode != tc.status {
				t.Errorf("status: want %d, got %d", tc.status, got.StatusCode)
			}
			headers := map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"}
			if tc.allow != "" {
				headers["Allow"] = tc.allow
			}
			if diff := cmp.Diff(headers, got.Headers); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if tc.status == 200 {
				if got.Body != tc.body {
					t.Errorf("body:\nwant %s\ngot  %s", tc.body, got.Body)
				}
				return
			}
			var answer api.Answer
			if err := json.Unmarshal([]byte(got.Body), &answer); err != nil {
				t.Fatalf("%s: %v", got.Body, err)
			}
			if answer.OK || answer.Status != tc.status || answer.Error == nil || answer.Error.Message != tc.body {
				t.Errorf("want %d %q, got %s", tc.status, tc.body, got.Body)
			}
		})
	}
}

func TestWhatLooksLikeNoEventIsADirectRequest(t *testing.T) {
	t.Parallel()
	h, _ := newHandler()
	for _, payload := range []string{
		`{"action":"ping","requestContext":{}}`,
		`{"action":"ping","requestContext":{"http":null}}`,
		`{"action":"ping","requestContext":"http"}`,
		`{"action":"ping","requestContext":{"http":{"method":"POST"}},"headers":1}`,
	} {
		got := invoke(t, h, payload)
		if !strings.Contains(got, `"status":400`) || strings.Contains(got, "statusCode") {
			t.Errorf("%s: want a direct refusal, got %s", payload, got)
		}
	}
}
