package task_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/task"
)

var update = flag.Bool("update", false, "write the fixtures anew instead of comparing with them")

var (
	noon   = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	spec   = task.Spec{Workflow: "wf-1", Step: "research", Index: 2, Attempt: 1, Agent: "research", Input: input, Timeout: 900, Heartbeat: 60, InlineLimit: 8192}
	mac    = ring().Sign(spec.ID(), noon.Add(time.Hour))
	usage  = task.Usage{Model: "stub", Simulated: true, InputTokens: 1200, OutputTokens: 340}
	ref    = &task.Ref{SHA256: strings.Repeat("0f", 32), Size: 9000}
	inline = task.Body{Inline: json.RawMessage(`{"text":"a < b & c","n":1.50}`)}
	input  = map[string]task.Body{
		"question": {Inline: json.RawMessage(`"why?"`)},
		"plan":     {Ref: ref},
		"sources":  {List: []task.Body{inline, {Ref: ref}}},
		"none":     {List: []task.Body{}},
	}
)

// message is one kind's fixture and its functions.
type message struct {
	value  interface{ Encode() ([]byte, error) }
	decode func([]byte) (interface{ Encode() ([]byte, error) }, error)
}

func decoder[M interface{ Encode() ([]byte, error) }](f func([]byte) (M, error)) func([]byte) (interface{ Encode() ([]byte, error) }, error) {
	return func(data []byte) (interface{ Encode() ([]byte, error) }, error) { return f(data) }
}

var messages = map[task.Kind]message{
	task.KindOrder: {task.Order{Spec: spec, Token: "AQCEAAAAKgAAAAMAAAAA"}, decoder(task.DecodeOrder)},
	task.KindTask: {
		task.Task{ID: spec.ID(), Spec: spec, Deadline: noon.Add(15 * time.Minute), MAC: mac}, decoder(task.DecodeTask),
	},
	task.KindHeartbeat: {task.Heartbeat{TaskID: spec.ID(), MAC: mac, At: noon.Add(1500 * time.Millisecond)}, decoder(task.DecodeHeartbeat)},
	task.KindResult:    {task.Result{TaskID: spec.ID(), MAC: mac, Output: inline, Usage: usage}, decoder(task.DecodeResult)},
	task.KindFailure: {
		task.Failure{TaskID: spec.ID(), MAC: mac, Error: task.ErrorThrottled, Cause: "asked to slow down\n\"twice\"", Usage: usage},
		decoder(task.DecodeFailure),
	},
	task.KindApprovalRequest: {
		task.ApprovalRequest{Workflow: "wf-1", Step: "approve", Prompt: "Write the report?", Input: input, Timeout: 86400, Token: "AQCE"},
		decoder(task.DecodeApprovalRequest),
	},
	task.KindDecision: {
		task.Decision{Workflow: "wf-1", Step: "approve", Decision: task.OutcomeApproved, By: "ada", Comment: "go ahead", At: noon},
		decoder(task.DecodeDecision),
	},
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	for kind, m := range messages {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			encoded, err := m.value.Encode()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", string(kind)+".json")
			if *update {
				var indented bytes.Buffer
				if err := json.Indent(&indented, encoded, "", "  "); err != nil {
					t.Fatal(err)
				}
				indented.WriteByte('\n')
				if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			fixture, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.decode(fixture)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.value, got); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(compact(t, fixture), string(encoded)); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			if got, err := task.KindOf(fixture); err != nil || got != kind {
				t.Errorf("kind: want %s, got %s, %v", kind, got, err)
			}
		})
	}
}

// What holds for every message, whatever its fields.
func TestEveryMessageIsStrict(t *testing.T) {
	t.Parallel()
	for kind, m := range messages {
		valid := encoded(t, m)
		other := string(task.KindOrder)
		if kind == task.KindOrder {
			other = string(task.KindTask)
		}
		for name, tc := range map[string]struct {
			data string
			want *task.Error
			text string
		}{
			"nothing":         {"", task.ErrMalformed, "must be one JSON value: unexpected end of JSON input"},
			"half":            {valid[:len(valid)/2], task.ErrMalformed, ""},
			"twice":           {valid + valid, task.ErrMalformed, "must be one JSON value: invalid character '{' after top-level value"},
			"array":           {"[]", task.ErrInvalidField, "must be an object"},
			"null":            {"null", task.ErrInvalidField, "must be an object"},
			"not UTF-8":       {strings.Replace(valid, `"kind"`, "\"\xff\":1,\"kind\"", 1), task.ErrMalformed, "must be UTF-8"},
			"duplicate key":   {strings.Replace(valid, `{`, `{"kind":"x",`, 1), task.ErrMalformed, `has the key "kind" twice in one object`},
			"unknown field":   {strings.Replace(valid, `{`, `{"zz":1,`, 1), task.ErrInvalidField, "zz: is not a known field"},
			"other case":      {strings.Replace(valid, `"version"`, `"Version"`, 1), task.ErrInvalidField, "version: is missing"},
			"later version":   {`{"version":2,"kind":"novel","new":{}}`, task.ErrUnknownVersion, "version: must be 1, got 2"},
			"version as text": {strings.Replace(valid, `"version":1`, `"version":"1"`, 1), task.ErrInvalidField, "version: must be a whole number, got a string"},
			"no version":      {`{"kind":"order"}`, task.ErrInvalidField, "version: is missing"},
			"no kind":         {`{"version":1}`, task.ErrInvalidField, "kind: is missing"},
			"unknown kind":    {`{"version":1,"kind":"novel"}`, task.ErrUnknownKind, ""},
			"other kind":      {strings.Replace(valid, `"kind":"`+string(kind), `"kind":"`+other, 1), task.ErrUnknownKind, "kind: must be " + string(kind) + ", got " + other},
			"too large":       {valid + strings.Repeat(" ", task.MaxMessage), task.ErrTooLarge, ""},
			"only the head":   {`{"version":1,"kind":"` + string(kind) + `"}`, task.ErrInvalidField, ""},
		} {
			t.Run(string(kind)+"/"+name, func(t *testing.T) {
				t.Parallel()
				_, err := m.decode([]byte(tc.data))
				expect(t, err, tc.want, tc.text)
			})
		}
	}
}

// Every field of every message is required, and null is no value of any.
func TestEveryFieldIsRequired(t *testing.T) {
	t.Parallel()
	for kind, m := range messages {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(encoded(t, m)), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			t.Run(string(kind)+"/"+name, func(t *testing.T) {
				t.Parallel()
				for text, value := range map[string]json.RawMessage{"is missing": nil, "must be ": json.RawMessage("null"), "must be": json.RawMessage("[{}]")} {
					changed := maps.Clone(fields)
					changed[name] = value
					if value == nil {
						delete(changed, name)
					}
					data, err := json.Marshal(changed)
					if err != nil {
						t.Fatal(err)
					}
					_, err = m.decode(data)
					if !errors.Is(err, task.ErrInvalidField) || !strings.HasPrefix(err.Error(), name+": "+text) {
						t.Errorf("%s: want %s: %s, got %v", data, name, text, err)
					}
				}
			})
		}
	}
}

func TestFieldsAreChecked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40000)
	for name, tc := range map[string]struct {
		kind     task.Kind
		old, new string
		want     *task.Error
		text     string
	}{
		"workflow with a slash": {task.KindOrder, `"wf-1"`, `"wf/1"`, task.ErrInvalidField, `workflow: must be letters, digits, - and _, got "wf/1"`},
		"workflow too long":     {task.KindOrder, `"wf-1"`, `"` + long[:81] + `"`, task.ErrInvalidField, "workflow: must have at most 80 characters, got 81"},
		"no workflow":           {task.KindOrder, `"wf-1"`, `""`, task.ErrInvalidField, "workflow: must not be empty"},
		"step with a digit":     {task.KindOrder, `"step":"research"`, `"step":"1a"`, task.ErrInvalidField, `step: must be a lower-case letter, then lower-case letters, digits and _, got "1a"`},
		"step with a dash":      {task.KindOrder, `"step":"research"`, `"step":"a-b"`, task.ErrInvalidField, ""},
		"negative index":        {task.KindOrder, `"index":2`, `"index":-1`, task.ErrInvalidField, "index: must be from 0 to 9999, got -1"},
		"index not whole":       {task.KindOrder, `"index":2`, `"index":2.5`, task.ErrInvalidField, `index: must be a whole number, got the number "2.5"`},
		"index beyond any":      {task.KindOrder, `"index":2`, `"index":99999999999999999999`, task.ErrInvalidField, ""},
		"attempt":               {task.KindOrder, `"attempt":1`, `"attempt":100000000`, task.ErrInvalidField, "attempt: must be from 0 to 99999999, got 100000000"},
		"agent":                 {task.KindOrder, `"agent":"research"`, `"agent":"Research"`, task.ErrInvalidField, `agent: must be lower-case letters, digits and -, got "Research"`},
		"heartbeat":             {task.KindOrder, `"heartbeat_seconds":60`, `"heartbeat_seconds":900`, task.ErrInvalidField, "heartbeat_seconds: must be from 0 to 899, got 900"},
		"timeout":               {task.KindOrder, `"timeout_seconds":900`, `"timeout_seconds":0`, task.ErrInvalidField, "timeout_seconds: must be from 1 to 31536000, got 0"},
		"inline limit":          {task.KindOrder, `"inline_limit":8192`, `"inline_limit":8193`, task.ErrInvalidField, "inline_limit: must be from 1 to 8192, got 8193"},
		"inline only":           {task.KindOrder, `"inline_only":false`, `"inline_only":0`, task.ErrInvalidField, `inline_only: must be true or false, got the number "0"`},
		"no token":              {task.KindOrder, `"AQCEAAAAKgAAAAMAAAAA"`, `""`, task.ErrInvalidField, "token: must not be empty"},
		"token too long":        {task.KindOrder, `"AQCEAAAAKgAAAAMAAAAA"`, `"` + long[:2049] + `"`, task.ErrInvalidField, "token: must have at most 2048 bytes, got 2049"},
		"input name":            {task.KindOrder, `"question"`, `"Question"`, task.ErrInvalidField, ""},
		"input is raw":          {task.KindOrder, `{"inline":"why?"}`, `"why?"`, task.ErrInvalidField, "input.question: must be an object"},
		"body is two things":    {task.KindOrder, `{"inline":"why?"}`, `{"inline":1,"list":[]}`, task.ErrInvalidField, "input.question: must have exactly one of inline, ref and list, got 2"},
		"body is nothing":       {task.KindOrder, `{"inline":"why?"}`, `{}`, task.ErrInvalidField, "input.question: must have exactly one of inline, ref and list, got 0"},
		"body has more":         {task.KindOrder, `{"inline":"why?"}`, `{"inline":1,"more":2}`, task.ErrInvalidField, "input.question.more: is not a known field"},
		"key twice deep inside": {task.KindOrder, `{"inline":"why?"}`, `{"inline":[{"a":1,"a":2}]}`, task.ErrMalformed, `has the key "a" twice in one object`},
		"body too large":        {task.KindOrder, `{"inline":"why?"}`, `{"inline":"` + long[:16383] + `"}`, task.ErrTooLarge, "input.question.inline: must have at most 16384 bytes, got 16385"},
		"result too large":      {task.KindResult, string(encodedBody(inline)), `{"inline":"` + long[:8191] + `"}`, task.ErrTooLarge, "output.inline: must have at most 8192 bytes, got 8193"},
		"list is no array":      {task.KindOrder, `{"inline":"why?"}`, `{"list":{}}`, task.ErrInvalidField, "input.question.list: must be an array, got an object"},
		"list in a list":        {task.KindOrder, `{"inline":"why?"}`, `{"list":[{"list":[]}]}`, task.ErrInvalidField, "input.question.list[0]: must not be a list in a list"},
		"item of a list":        {task.KindOrder, `{"inline":"why?"}`, `{"list":[{"inline":1},3]}`, task.ErrInvalidField, "input.question.list[1]: must be an object"},
		"reference in capitals": {task.KindOrder, strings.Repeat("0f", 32), strings.Repeat("0F", 32), task.ErrInvalidField, "input.plan.ref.sha256: must be 64 lower-case hexadecimal digits, got 64 characters"},
		"reference to nothing":  {task.KindOrder, `"size":9000`, `"size":0`, task.ErrInvalidField, "input.plan.ref.size: must be from 1 to 67108864, got 0"},
		"reference has more":    {task.KindOrder, `"size":9000`, `"size":9000,"bucket":"b"`, task.ErrInvalidField, "input.plan.ref.bucket: is not a known field"},
		"task has a token":      {task.KindTask, `"index"`, `"token":"AQCE","index"`, task.ErrInvalidField, "token: is not a known field"},
		"id of another task":    {task.KindTask, `"index":2`, `"index":3`, task.ErrInvalidField, "task_id: must be the id of workflow, step, index and attempt"},
		"id too short":          {task.KindResult, string(spec.ID()), string(spec.ID())[1:], task.ErrInvalidField, "task_id: must be a task id of 52 lower-case letters and digits, got 51 characters"},
		"deadline with an offset": {task.KindTask, `12:15:00Z`, `12:15:00+01:00`, task.ErrInvalidField,
			"deadline: must be a time in UTC, got 2026-01-31T12:15:00+01:00"},
		"deadline is no time":    {task.KindTask, `2026-01-31T12:15:00Z`, `noon`, task.ErrInvalidField, `deadline: must be a time such as 2026-01-31T12:00:00Z, got "noon"`},
		"deadline of no time":    {task.KindTask, `2026-01-31T12:15:00Z`, `0001-01-01T00:00:00Z`, task.ErrInvalidField, "deadline: must be set"},
		"deadline in year 0":     {task.KindTask, `2026-01-31T12:15:00Z`, `0000-01-01T00:00:00Z`, task.ErrInvalidField, "deadline: must be a time in UTC, got 0000-01-01T00:00:00Z"},
		"mac's key":              {task.KindResult, `"key":"new"`, `"key":"n/w"`, task.ErrInvalidField, `mac.key: must be letters, digits, - and _, got "n/w"`},
		"mac's second":           {task.KindResult, `13:00:00Z`, `13:00:00.5Z`, task.ErrInvalidField, "mac.expires: must be in whole seconds, got 2026-01-31T13:00:00.5Z"},
		"mac's value":            {task.KindResult, mac.Value, mac.Value[1:], task.ErrInvalidField, "mac.value: must be 43 characters of base64url, got 42"},
		"mac has more":           {task.KindResult, `"key":"new"`, `"key":"new","alg":"none"`, task.ErrInvalidField, "mac.alg: is not a known field"},
		"list as a result":       {task.KindResult, string(encodedBody(inline)), `{"list":[]}`, task.ErrInvalidField, "output: must not be a list in a list"},
		"negative tokens":        {task.KindResult, `"input_tokens":1200`, `"input_tokens":-1`, task.ErrInvalidField, "usage.input_tokens: must be from 0 to 1099511627776, got -1"},
		"usage has more":         {task.KindResult, `"model"`, `"cost":1,"model"`, task.ErrInvalidField, "usage.cost: is not a known field"},
		"model too long":         {task.KindResult, `"stub"`, `"` + long[:257] + `"`, task.ErrInvalidField, "usage.model: must have at most 256 bytes, got 257"},
		"an error of the engine": {task.KindFailure, "Agent.Throttled", "States.Timeout", task.ErrInvalidField, `error: must not begin with States., got "States.Timeout"`},
		"an error in words":      {task.KindFailure, "Agent.Throttled", "slow down", task.ErrInvalidField, `error: must be letters, digits, ., - and _, got "slow down"`},
		"cause too long":         {task.KindFailure, "asked", long[:32769], task.ErrInvalidField, ""},
		"prompt too long":        {task.KindApprovalRequest, "Write", long[:2049], task.ErrInvalidField, ""},
		"no such outcome":        {task.KindDecision, `"approved"`, `"maybe"`, task.ErrInvalidField, `decision: must be one of [approved rejected expired], got "maybe"`},
		"comment too long":       {task.KindDecision, "go ahead", long[:2049], task.ErrInvalidField, "comment: must have at most 2048 bytes, got 2049"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			valid := encoded(t, messages[tc.kind])
			data := strings.ReplaceAll(valid, tc.old, tc.new)
			if data == valid {
				t.Fatalf("%s is not in %s", tc.old, valid)
			}
			_, err := messages[tc.kind].decode([]byte(data))
			expect(t, err, tc.want, tc.text)
		})
	}
}

func TestEncodeRefusesWhatWouldNotDecode(t *testing.T) {
	t.Parallel()
	order := messages[task.KindOrder].value.(task.Order)
	decision := messages[task.KindDecision].value.(task.Decision)
	many := map[string]task.Body{}
	for i := range 33 {
		many["n"+strings.Repeat("n", i)] = inline
	}
	full := task.Body{Inline: json.RawMessage(`"` + strings.Repeat("x", task.MaxInline-2) + `"`)}
	for name, tc := range map[string]struct {
		value interface{ Encode() ([]byte, error) }
		want  *task.Error
		text  string
	}{
		"no input":    {with(order, func(o *task.Order) { o.Input = nil }), task.ErrInvalidField, "input: must be an object, got none"},
		"many inputs": {with(order, func(o *task.Order) { o.Input = many }), task.ErrInvalidField, "input: must have at most 32 fields, got 33"},
		"white space": {
			with(order, func(o *task.Order) { o.Input = map[string]task.Body{"a": {Inline: json.RawMessage(` 1`)}} }),
			task.ErrInvalidField, "input.a.inline: must be JSON without white space between its tokens",
		},
		"not JSON": {
			with(order, func(o *task.Order) { o.Input = map[string]task.Body{"a": {Inline: json.RawMessage(`x`)}} }), task.ErrMalformed, "",
		},
		"too large": {
			with(order, func(o *task.Order) {
				o.Input = map[string]task.Body{"a": {List: []task.Body{
					full, full, full, full, full, full, full, full, full, full, full, full, full, full, full, full,
					full, full, full, full, full, full, full, full, full, full, full, full, full, full, full, full,
				}}}
			}), task.ErrTooLarge, "",
		},
		"too long a list": {
			with(order, func(o *task.Order) { o.Input = map[string]task.Body{"a": {List: make([]task.Body, 1001)}} }),
			task.ErrTooLarge, "input.a.list: must have at most 1000 bodies, got 1001",
		},
		"bad list": {
			with(order, func(o *task.Order) { o.Input = map[string]task.Body{"a": {List: make([]task.Body, 1)}} }),
			task.ErrInvalidField, "input.a.list[0]: must have exactly one of inline, ref and list, got 0",
		},
		"local time": {
			with(decision, func(d *task.Decision) { d.At = noon.In(time.FixedZone("CET", 3600)) }),
			task.ErrInvalidField, "at: must be a time in UTC, got 2026-01-31T13:00:00+01:00",
		},
		"not UTF-8": {with(decision, func(d *task.Decision) { d.Comment = "\xff" }), task.ErrInvalidField, "comment: must be UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.value.Encode()
			expect(t, err, tc.want, tc.text)
		})
	}
	if _, err := with(decision, func(d *task.Decision) { d.Decision = "" }).Body(); !errors.Is(err, task.ErrInvalidField) {
		t.Errorf("body: want %v, got %v", task.ErrInvalidField, err)
	}
}

func TestUTCByAnotherName(t *testing.T) {
	t.Parallel()
	m := messages[task.KindDecision]
	data := strings.Replace(encoded(t, m), "12:00:00Z", "12:00:00.000+00:00", 1)
	got, err := m.decode([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.value, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecisionAsABody(t *testing.T) {
	t.Parallel()
	want := messages[task.KindDecision].value.(task.Decision)
	body, err := want.Body()
	if err != nil {
		t.Fatal(err)
	}
	got, err := task.DecodeDecision(body.Inline)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func expect(t *testing.T, err error, want *task.Error, text string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %s, got %v", want.Code, err)
	}
	if text != "" && err.Error() != text {
		t.Errorf("want %q, got %q", text, err)
	}
}

func with[M any](m M, change func(*M)) M {
	change(&m)
	return m
}

func encoded(t testing.TB, m message) string {
	t.Helper()
	data, err := m.value.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func encodedBody(b task.Body) []byte {
	return append(append([]byte(`{"inline":`), b.Inline...), '}')
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
