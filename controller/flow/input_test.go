package flow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/controller/flow"
)

func TestPrepareInput(t *testing.T) {
	t.Parallel()
	list := func(in flow.Input) flow.Workflow { return flow.Workflow{Name: "w", Inputs: []flow.Input{in}} }
	for name, tc := range map[string]struct {
		flow        flow.Workflow
		given, want string
		problem     string
	}{
		"defaults":         {flow.ResearchReport(), `{"topic":"tea & <cake>"}`, `{"topic":"tea & <cake>","questions":5,"approval":true}`, ""},
		"all given":        {flow.ResearchReport(), `{"approval": false, "questions": 12, "topic": "tea"}`, `{"topic":"tea","questions":12,"approval":false}`, ""},
		"no inputs":        {flow.Workflow{}, "{}", "{}", ""},
		"everything wrong": {flow.ResearchReport(), `{"questions":0,"approval":"yes","b":1,"a":1}`, "", "input.topic: is missing\ninput.questions: must be from 1 to 12, got 0\ninput.approval: must be true or false\ninput.a: is not an input of research-report\ninput.b: is not an input of research-report"},
		"blank":            {flow.ResearchReport(), `{"topic":" "}`, "", "input.topic: must not be empty"},
		"null":             {flow.ResearchReport(), `{"topic":null,"questions":null,"approval":null}`, "", "input.topic: must be a string\ninput.questions: must be a whole number\ninput.approval: must be true or false"},
		"not whole":        {flow.ResearchReport(), `{"topic":"t","questions":1.5}`, "", "input.questions: must be a whole number"},
		"one too many":     {flow.ResearchReport(), `{"topic":"t","questions":13}`, "", "input.questions: must be from 1 to 12, got 13"},
		"longest":          {flow.ResearchReport(), `{"topic":"` + strings.Repeat("x", 2000) + `"}`, `{"topic":"` + strings.Repeat("x", 2000) + `","questions":5,"approval":true}`, ""},
		"too long":         {flow.ResearchReport(), `{"topic":"` + strings.Repeat("x", 2001) + `"}`, "", "input.topic: must have from 0 to 2000 bytes, got 2001"},
		"too large":        {flow.ResearchReport(), `{"topic":"` + strings.Repeat("x", 5<<20) + `"}`, "", "input: must have at most 8192 bytes, got 5242892"},
		"large":            {flow.ResearchReport(), `{"topic":"` + strings.Repeat("x", 8192) + `"}`, "", "input: must have at most 8192 bytes, got 8204"},
		"no object":        {flow.ResearchReport(), `[]`, "", "input: must be an object"},
		"null itself":      {flow.ResearchReport(), `null`, "", "input: must be an object"},
		"no JSON":          {flow.ResearchReport(), `{`, "", "input: must be one JSON value: unexpected end of JSON input"},
		"twice":            {flow.ResearchReport(), `{"topic":"a","topic":"b"}`, "", `input: has the key "topic" twice in one object`},
		"no array":         {list(flow.Input{Name: "a", Type: flow.Array}), `{"a":{}}`, "", "input.a: must be an array"},
		"array":            {list(flow.Input{Name: "a", Type: flow.Array}), `{"a":[1]}`, `{"a":[1]}`, ""},
		"short array":      {list(flow.Input{Name: "a", Type: flow.Array, Min: 2}), `{"a":[1]}`, "", "input.a: must have at least 2 items, got 1"},
		"long array":       {list(flow.Input{Name: "a", Type: flow.Array, Max: 1}), `{"a":[1,2]}`, "", "input.a: must have from 0 to 1 items, got 2"},
		"optional text":    {list(flow.Input{Name: "a", Type: flow.String, Default: json.RawMessage(`"b"`)}), `{"a":""}`, `{"a":""}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.flow.PrepareInput([]byte(tc.given))
			switch {
			case tc.problem == "" && err != nil:
				t.Error(err)
			case tc.problem == "" && string(got) != tc.want:
				t.Errorf("want %s, got %s", tc.want, got)
			case tc.problem != "" && (err == nil || err.Error() != tc.problem):
				t.Errorf("want %s\ngot  %v", tc.problem, err)
			}
		})
	}
}
