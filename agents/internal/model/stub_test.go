package model_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/controller/task"
)

// ask is a request with every kind of value that a schema can ask the stub for.
func ask() model.Request {
	var schema map[string]any
	if err := json.Unmarshal([]byte(`{"type": "object", "properties": {
		"text": {"type": "string", "maxLength": 30}, "list": {"type": "array", "minItems": 2, "items": {"type": "string", "title": "item"}},
		"none": {"type": "array", "items": {"type": "string"}}, "one": {"enum": ["low", "high"]}, "same": {"const": "x"},
		"n": {"type": "integer", "minimum": 3}, "yes": {"type": "boolean"}
	}}`), &schema); err != nil {
		panic(err)
	}
	return model.Request{
		Subject: "heat", Tools: []model.Tool{{Name: model.AnswerTool, Schema: schema}},
		Messages: []model.Message{{Role: model.User, Blocks: []model.Block{{Text: "Plan."}}}},
	}
}

func TestStubAnswersByTheSchema(t *testing.T) {
	t.Parallel()
	stub := model.NewStub(model.Script{})
	first, err := stub.Converse(t.Context(), ask())
	if err != nil {
		t.Fatal(err)
	}
	again, err := stub.Converse(t.Context(), ask())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same request, another answer: %s", diff)
	}
	const want = `{"list":["SIMULATED item: no. 1 of 2, heat","SIMULATED item: no. 2 of 2, heat"],"n":3,"none":[],"one":"low","same":"x","text":"SIMULATED text: heat","yes":false}`
	if got := string(first.Message.Blocks[1].Use.Input); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if first.InputTokens == 0 || first.OutputTokens == 0 {
		t.Errorf("got %d and %d tokens, want some", first.InputTokens, first.OutputTokens)
	}
}

func TestStubFollowsTheScript(t *testing.T) {
	t.Parallel()
	// What each call gives: a failure's name, a tool, bad or good.
	for text, want := range map[string]string{
		`{}`:                      "good good",
		`{"throttle": 1}`:         task.ErrorThrottled + " good",
		`{"unavailable": 1}`:      task.ErrorUnavailable + " good",
		`{"access_denied": true}`: task.ErrorAccessDenied + " " + task.ErrorAccessDenied,
		`{"bad_answers": 1}`:      "bad good",
		`{"refuse": true}`:        "refused refused",
		`{"tools": [{"name": "fetch_page", "input": {"url": "a"}}]}`:               "fetch_page good",
		`{"throttle": 1, "bad_answers": 1}`:                                        task.ErrorThrottled + " bad good",
		`{"agents": ["analyst"], "access_denied": true}`:                           "good",
		`{"agents": ["research", "analyst"], "throttle": 1}`:                       task.ErrorThrottled + " good",
		`{"first_attempts": 1, "access_denied": true}`:                             "good",
		`{"first_attempts": 2, "throttle": 1}`:                                     task.ErrorThrottled + " good",
		`{"unavailable": 1, "throttle": 1, "tools": [{"name": "a", "input": {}}]}`: task.ErrorUnavailable + " " + task.ErrorThrottled + " a good",
	} {
		script, err := model.ParseScript(text)
		if err != nil {
			t.Fatal(err)
		}
		stub := model.NewStub(script.For("research", 1))
		var got []string
		for range strings.FieldsSeq(want) {
			response, err := stub.Converse(t.Context(), ask())
			switch {
			case err != nil:
				if !strings.Contains(err.Error(), model.Mark) {
					t.Errorf("%s: %v does not say %s", text, err, model.Mark)
				}
				got = append(got, failure.NameOf(err))
			case response.Stop == model.StopRefused:
				got = append(got, "refused")
			case response.Message.Blocks[1].Use.Name != model.AnswerTool:
				got = append(got, response.Message.Blocks[1].Use.Name)
			case strings.Contains(string(response.Message.Blocks[1].Use.Input), "bad"):
				got = append(got, "bad")
			default:
				got = append(got, "good")
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestStubTakesTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := model.NewStub(model.Script{DelayMS: 1500}).Converse(t.Context(), ask()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 1500*time.Millisecond {
			t.Errorf("took %s, want 1.5s", took)
		}
		ctx, done := context.WithTimeout(t.Context(), time.Hour)
		defer done()
		if _, err := model.NewStub(model.Script{Hang: true}).Converse(ctx, ask()); err == nil {
			t.Error("hang: got an answer")
		}
		if took := time.Since(began); took != time.Hour+1500*time.Millisecond {
			t.Errorf("hang took %s, want an hour", took)
		}
	})
}

func TestParseScriptRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`:                   "must be a JSON object of the stub's settings",
		`{"throttles": 1}`:     `unknown field "throttles"`,
		`{} {}`:                "must be one JSON object",
		`{"delay_ms": 600001}`: "delay_ms: must be from 0 to 600000, got 600001",
		`{"throttle": -1}`:     "throttle: must not be negative, got -1",
	} {
		if _, err := model.ParseScript(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
