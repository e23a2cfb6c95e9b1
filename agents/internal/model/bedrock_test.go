package model_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/agents/internal/bedrocktest"
	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/controller/task"
)

// bedrock is a model behind the fake.
func bedrock(url string) *model.Bedrock {
	return model.NewBedrock(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}, "eu.anthropic.claude")
}

// request is a conversation with all kinds of blocks.
func request() model.Request {
	return model.Request{
		System: "You plan.", Force: model.AnswerTool, MaxOutput: 500,
		Tools: []model.Tool{{Name: model.AnswerTool, Description: "Answers.", Schema: map[string]any{"type": "object", "minProperties": 1.0}}},
		Messages: []model.Message{
			{Role: model.User, Blocks: []model.Block{{Text: "Plan."}}},
			{Role: model.Assistant, Blocks: []model.Block{{Text: "So."}, {Use: &model.ToolUse{ID: "1", Name: "answer", Input: json.RawMessage(`{"n":1.5,"none":null,"list":[true,"a"]}`)}}}},
			{Role: model.User, Blocks: []model.Block{{Result: &model.ToolResult{ID: "1", Text: "wrong", Failed: true}}, {Text: "Again."}}},
		},
	}
}

func TestBedrockConverse(t *testing.T) {
	t.Parallel()
	server := bedrocktest.New(t, bedrocktest.Use("answer", `{"n": 2, "deep": {"a": [1.25, null, "x"]}}`))
	m := bedrock(server.URL)
	got, err := m.Converse(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	if got.InputTokens != 100 || got.OutputTokens != 10 || got.Stop != model.StopDone || m.Simulated() {
		t.Errorf("got %+v", got)
	}
	use := got.Message.Blocks[1].Use
	var input any
	if err := json.Unmarshal(use.Input, &input); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"n": 2.0, "deep": map[string]any{"a": []any{1.25, nil, "x"}}}, input); diff != "" || use.Name != "answer" {
		t.Errorf("tool use %s: %s", use.Name, diff)
	}
	sent := server.Requests()[0]
	if sent.Path != "/model/eu.anthropic.claude/converse" {
		t.Errorf("path %s", sent.Path)
	}
	var body any
	if err := json.Unmarshal([]byte(sent.Body), &body); err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal([]byte(`{
		"system": [{"text": "You plan."}], "inferenceConfig": {"maxTokens": 500},
		"toolConfig": {
			"tools": [{"toolSpec": {"name": "answer", "description": "Answers.", "inputSchema": {"json": {"type": "object", "minProperties": 1}}}}],
			"toolChoice": {"tool": {"name": "answer"}}
		},
		"messages": [
			{"role": "user", "content": [{"text": "Plan."}]},
			{"role": "assistant", "content": [{"text": "So."}, {"toolUse": {"toolUseId": "1", "name": "answer", "input": {"n": 1.5, "none": null, "list": [true, "a"]}}}]},
			{"role": "user", "content": [{"toolResult": {"toolUseId": "1", "status": "error", "content": [{"text": "wrong"}]}}, {"text": "Again."}]}
		]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("request: %s", diff)
	}
}

func TestBedrockStops(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]model.Stop{
		"end_turn": model.StopDone, "tool_use": model.StopDone, "stop_sequence": model.StopDone,
		"max_tokens": model.StopLength, "guardrail_intervened": model.StopRefused, "content_filtered": model.StopRefused,
		"malformed_model_output": model.StopMalformed, "malformed_tool_use": model.StopMalformed,
		"model_context_window_exceeded": model.StopContext,
	} {
		server := bedrocktest.New(t, bedrocktest.Turn(reason))
		got, err := bedrock(server.URL).Converse(t.Context(), request())
		if err != nil || got.Stop != want {
			t.Errorf("%s: got %s %v, want %s", reason, got.Stop, err, want)
		}
	}
}

func TestBedrockErrors(t *testing.T) {
	t.Parallel()
	for code, tc := range map[string]struct {
		status int
		want   string
	}{
		"ThrottlingException":           {429, task.ErrorThrottled},
		"ServiceQuotaExceededException": {400, task.ErrorThrottled},
		"AccessDeniedException":         {403, task.ErrorAccessDenied},
		"UnrecognizedClientException":   {403, task.ErrorAccessDenied},
		"ExpiredTokenException":         {403, task.ErrorAccessDenied},
		"ResourceNotFoundException":     {404, task.ErrorAccessDenied},
		"ValidationException":           {400, task.ErrorInvalidInput},
		"ModelTimeoutException":         {408, task.ErrorUnavailable},
		"ModelNotReadyException":        {429, task.ErrorUnavailable},
		"ModelErrorException":           {424, task.ErrorUnavailable},
		"InternalServerException":       {500, task.ErrorUnavailable},
		"ServiceUnavailableException":   {503, task.ErrorUnavailable},
	} {
		server := bedrocktest.New(t, bedrocktest.Failed(tc.status, code, "the reason"))
		_, err := bedrock(server.URL).Converse(t.Context(), request())
		if err == nil || failure.NameOf(err) != tc.want || !strings.Contains(err.Error(), "the reason") {
			t.Errorf("%s: got %s %v, want %s with the reason", code, failure.NameOf(err), err, tc.want)
		}
		if got := len(server.Requests()); got != 1 {
			t.Errorf("%s: %d requests, want 1: who retries is the kit", code, got)
		}
	}
	_, err := bedrock("http://127.0.0.1:1").Converse(t.Context(), request())
	if failure.NameOf(err) != task.ErrorUnavailable {
		t.Errorf("no server: got %v, want %s", err, task.ErrorUnavailable)
	}
}

func TestBedrockTakesTime(t *testing.T) {
	t.Parallel()
	server := bedrocktest.New(t, bedrocktest.Reply{Hang: true})
	ctx, done := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, failure.New(task.ErrorUnavailable, "too slow"))
	defer done()
	if _, err := bedrock(server.URL).Converse(ctx, request()); err == nil || err.Error() != "too slow" {
		t.Errorf("got %v, want why the context has ended", err)
	}
}

// Some models take no tool choice: they are asked without, from then on.
func TestBedrockWithoutToolChoice(t *testing.T) {
	t.Parallel()
	server := bedrocktest.New(t,
		bedrocktest.Failed(400, "ValidationException", "This model doesn't support the toolConfig.toolChoice.tool field."),
		bedrocktest.Use("answer", `{"n": 1}`))
	m := bedrock(server.URL)
	for range 2 {
		if _, err := m.Converse(t.Context(), request()); err != nil {
			t.Fatal(err)
		}
	}
	got := server.Requests()
	if len(got) != 3 || got[0].ToolConfig.ToolChoice == nil || got[1].ToolConfig.ToolChoice != nil || got[2].ToolConfig.ToolChoice != nil {
		t.Errorf("got %d requests, want one with a tool choice and two without", len(got))
	}
}
