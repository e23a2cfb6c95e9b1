package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/api"
)

// echoAnswer shows how an action's own fields stand beside the common ones.
type echoAnswer struct {
	api.Answer
	Text string `json:"text"`
}

// newHandler returns a handler of two actions: echo, which takes a field, and
// ping, which takes none and has a path.
func newHandler() (*api.Handler, *bytes.Buffer) {
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	echo := api.Action{Name: "echo", Run: func(_ context.Context, fields api.Fields) (api.Answerer, error) {
		var params struct {
			Text  string `json:"text"`
			Times int    `json:"times"`
		}
		if err := fields.Decode(&params); err != nil {
			return nil, err
		}
		if params.Text == "" {
			return nil, errors.New(`field "text" must not be empty`)
		}
		return &echoAnswer{api.Success(), params.Text}, nil
	}}
	ping := api.Action{Name: "ping", Get: "/ping", Run: func(_ context.Context, fields api.Fields) (api.Answerer, error) {
		if err := fields.Decode(&struct{}{}); err != nil {
			return nil, err
		}
		a := api.Success()
		return &a, nil
	}}
	return api.NewHandler("v1", log, ping, echo), &logged
}

func invoke(t *testing.T, h *api.Handler, payload string) string {
	t.Helper()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	out, err := lambda.NewHandler(h).Invoke(ctx, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestDirectInvoke(t *testing.T) {
	t.Parallel()
	h, _ := newHandler()
	for payload, want := range map[string]string{
		`{"action":"ping"}`:                     ` {"status":200,"action":"ping","ok":true,"version":"v1","request_id":"r-1"}`,
		` {"text":"hi","action":"echo"}` + "\n": `{"status":200,"action":"echo","ok":true,"version":"v1","request_id":"r-1","text":"hi"}`,
	} {
		if got := invoke(t, h, payload); got != strings.TrimSpace(want) {
			t.Errorf("%s:\nwant %s\ngot  %s", payload, want, got)
		}
	}
}

const hint = `; expected an object such as {"action":"health"}, actions: echo, ping`

var refusals = map[string]struct {
	request string
	code    api.Code
	message string
}{
	"empty":            {"", api.InvalidRequest, "the request is empty" + hint},
	"blank":            {" \n", api.InvalidRequest, "the request is empty" + hint},
	"not JSON":         {"health", api.InvalidRequest, "the request must be JSON: invalid character 'h' looking for beginning of value" + hint},
	"cut off":          {`{"action":"pi`, api.InvalidRequest, "the request must be JSON, got an end in the middle" + hint},
	"cut off later":    {`{"action":"ping"`, api.InvalidRequest, "the request must be JSON, got an end in the middle" + hint},
	"array":            {`[{"action":"ping"}]`, api.InvalidRequest, "the request must be a JSON object, got an array" + hint},
	"string":           {`"ping"`, api.InvalidRequest, "the request must be a JSON object, got a string" + hint},
	"null":             {`null`, api.InvalidRequest, "the request must be a JSON object, got null" + hint},
	"trailing data":    {`{"action":"ping"} {}`, api.InvalidRequest, "the request must be one JSON object, got data after it" + hint},
	"trailing garbage": {`{"action":"ping"}}`, api.InvalidRequest, "the request must be one JSON object, got data after it" + hint},
	"no action":        {`{}`, api.InvalidRequest, `field "action" is missing` + hint},
	"other case":       {`{"Action":"ping"}`, api.InvalidRequest, `field "action" is missing` + hint},
	"action number":    {`{"action":1}`, api.InvalidRequest, `field "action" must be a string, got a number` + hint},
	"action null":      {`{"action":null}`, api.InvalidRequest, `field "action" must be a string, got null` + hint},
	"action object":    {`{"action":{}}`, api.InvalidRequest, `field "action" must be a string, got an object` + hint},
	"action array":     {`{"action":[]}`, api.InvalidRequest, `field "action" must be a string, got an array` + hint},
	"action empty":     {`{"action":""}`, api.InvalidRequest, `field "action" must not be empty` + hint},
	"action twice":     {`{"action":"ping","action":"echo"}`, api.InvalidRequest, `field "action" is given twice` + hint},
	"unknown action":   {`{"action":"destroy"}`, api.UnknownAction, `unknown action "destroy", actions: echo, ping`},
	"long action": {
		`{"action":"` + strings.Repeat("é", 100) + `"}`, api.UnknownAction,
		`unknown action "` + strings.Repeat("é", 64) + `…", actions: echo, ping`,
	},
	"unknown field": {`{"action":"ping","x":1}`, api.InvalidRequest, `action ping: unknown field "x"`},
	"wrong type":    {`{"action":"echo","text":1}`, api.InvalidRequest, `action echo: field "text" must be string, got number`},
	"of the action": {`{"action":"echo","text":""}`, api.InvalidRequest, `action echo: field "text" must not be empty`},
	"too large": {
		`{"action":"echo","text":"` + strings.Repeat("x", 256*1024) + `"}`, api.RequestTooLarge,
		"the request must be at most 262144 bytes, got 262171",
	},
}

func TestRefusalsAreTheSameBothWays(t *testing.T) {
	t.Parallel()
	for name, tc := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newHandler()
			var got api.Answer
			direct := invoke(t, h, tc.request)
			if err := json.Unmarshal([]byte(direct), &got); err != nil {
				t.Fatalf("%s: %v", direct, err)
			}
			want := api.Answer{
				Status: 400, Version: "v1", RequestID: "r-1", Action: got.Action,
				Error: &api.Error{Code: tc.code, Message: tc.message},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			response := invokeURL(t, h, event("POST", "/", tc.request))
			if response.StatusCode != http.StatusBadRequest || response.Body != direct {
				t.Errorf("by URL: want 400 %s, got %d %s", direct, response.StatusCode, response.Body)
			}
		})
	}
}

func TestLargestRequestIsTaken(t *testing.T) {
	t.Parallel()
	h, _ := newHandler()
	frame := `{"action":"echo","text":""}`
	request := strings.Replace(frame, `""`, `"`+strings.Repeat("x", 256*1024-len(frame))+`"`, 1)
	if got := invoke(t, h, request); !strings.HasPrefix(got, `{"status":200`) {
		t.Errorf("want 200, got %.200s", got)
	}
}

func TestLogNamesNoContent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ payload, want string }{
		"answered": {
			`{"action":"echo","text":"secret"}`,
			`{"level":"INFO","msg":"answered","requestId":"r-1","via":"invoke","action":"echo","status":200}`,
		},
		"refused": {
			`{"action":"secret"}`,
			`{"level":"WARN","msg":"answered","requestId":"r-1","via":"invoke","action":"","status":400,"error":"unknown_action"}`,
		},
		"url": {
			event("POST", "/", `{"action":"echo","text":"secret"}`),
			`{"level":"INFO","msg":"answered","requestId":"r-1","via":"url","action":"echo","status":200}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, logged := newHandler()
			invoke(t, h, tc.payload)
			var got, want map[string]any
			if err := json.Unmarshal(logged.Bytes(), &got); err != nil {
				t.Fatalf("%s: %v", logged, err)
			}
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if _, ok := got["durationMs"].(float64); !ok {
				t.Errorf("durationMs is missing in %s", logged)
			}
			delete(got, "durationMs")
			delete(got, "time")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestActionsMustDiffer(t *testing.T) {
	t.Parallel()
	for want, actions := range map[string][]api.Action{
		`action "a" is defined twice`:             {{Name: "a"}, {Name: "a"}},
		`actions "a" and "b" share the path "/a"`: {{Name: "a", Get: "/a"}, {Name: "b", Get: "/a"}},
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("want panic %q, got %v", want, got)
				}
			}()
			api.NewHandler("v1", slog.Default(), actions...)
		}()
	}
}
