package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

// TestBothEnginesAgree runs every workflow many times, as its rendering on a small
// interpreter of Amazon States Language and as data on the machine, with the same answers.
func TestBothEnginesAgree(t *testing.T) {
	t.Parallel()
	inputs := map[string][]string{
		"research-report": {`{"topic":"tea"}`, `{"topic":"a < b & \"c\"","questions":12,"approval":false}`},
		"everything": {
			`{"items":[{"name":"a"},{"name":"b"},{"name":"c"}]}`, `{"items":[],"mode":"fast","ask":true}`,
			`{"items":[{"name":1},{"name":null}],"ask":true}`, `{"items":[{"name":"a"},{"nom":"b"}]}`, `{"items":[],"mode":"never"}`,
		},
	}
	for _, w := range allFlows() {
		for i, given := range inputs[w.Name] {
			t.Run(fmt.Sprint(w.Name, i), func(t *testing.T) {
				t.Parallel()
				machine := definition(t, w)
				input, err := w.PrepareInput([]byte(given))
				if err != nil {
					t.Fatal(err)
				}
				statuses := map[flow.Status]int{}
				for seed := range uint64(40) {
					d := newDriver(t, w, 0.5, randomWorld(seed))
					end := d.finish(d.start(string(input)), rand.New(rand.NewPCG(seed, 1)))
					statuses[end.Status]++
					e := &execution{t: t, world: randomWorld(seed), name: "wf-1"}
					got := e.run(machine, decode(t, input))
					want := outcome{Status: end.Status, Error: end.Error, Output: decode(t, end.Output)}
					// The words of a path that leads nowhere are each engine's own.
					if end.Error != "States.Runtime" {
						want.Cause = end.Cause
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("seed %d: (-machine +step functions):\n%s", seed, diff)
					}
					// A map that fails has started more in one engine than in the other.
					if end.Status == flow.Succeeded {
						if diff := cmp.Diff(sorted(d.orders), sorted(e.orders), byValue); diff != "" {
							t.Fatalf("seed %d: orders (-machine +step functions):\n%s", seed, diff)
						}
					}
					if diff := cmp.Diff(d.asked, e.asked, byValue); diff != "" {
						t.Fatalf("seed %d: approvals (-machine +step functions):\n%s", seed, diff)
					}
				}
				t.Log(statuses)
			})
		}
	}
}

// byValue compares JSON, which each engine writes in its own way.
var byValue = cmp.Transformer("JSON", func(data json.RawMessage) (v any) {
	_ = json.Unmarshal(data, &v)
	return v
})

func sorted(orders []task.Order) []task.Order {
	out := slices.Clone(orders)
	sort.Slice(out, func(i, j int) bool { return out[i].ID() < out[j].ID() })
	return out
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	if data == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

type outcome struct {
	Status       flow.Status
	Error, Cause string
	Output       any
}

// execution interprets what the renderer writes, by the specification and without
// the machine's code: https://states-language.net
type execution struct {
	t      *testing.T
	world  world
	name   string
	orders []task.Order
	asked  []task.ApprovalRequest
}

// failure is an error that a state ends with.
type failure struct{ name, cause string }

func (f *failure) Error() string { return f.name + ": " + f.cause }

// runtime is an error that no state catches.
var errRuntime = &failure{name: "States.Runtime"}

type contextObject struct {
	entered string
	retries int
	index   int
	item    any
}

func (e *execution) run(m asl, input any) outcome {
	output, err := e.machine(m, input, contextObject{})
	if err != nil {
		return outcome{Status: flow.Failed, Error: err.name, Cause: err.cause}
	}
	return outcome{Status: flow.Succeeded, Output: output}
}

func (e *execution) machine(m asl, document any, ctx contextObject) (any, *failure) {
	for name := m.StartAt; ; {
		s, ok := m.States[name]
		if !ok {
			e.t.Fatalf("no state %q", name)
		}
		ctx.entered = "2026-01-31T12:00:00.000Z"
		switch s.Type {
		case "Succeed":
			return e.path(s.OutputPath, document, ctx)
		case "Fail":
			return nil, e.fail(s, document, ctx)
		case "Wait":
			name = s.Next
			continue
		case "Choice":
			name = e.choose(s, document, ctx)
			continue
		}
		result, err := e.attempts(s, document, ctx)
		if err != nil {
			next := e.catch(s, err)
			if next == nil {
				return nil, err
			}
			if next.ResultPath != nil {
				document = put(document, *next.ResultPath, map[string]any{"Error": err.name, "Cause": err.cause})
			}
			name = next.Next
			continue
		}
		if s.End {
			return result, nil
		}
		document, name = put(document, s.ResultPath, result), s.Next
	}
}

func (e *execution) fail(s aslState, document any, ctx contextObject) *failure {
	out := &failure{s.Error, s.Cause}
	for path, to := range map[string]*string{s.ErrorPath: &out.name, s.CausePath: &out.cause} {
		if path == "" {
			continue
		}
		value, err := e.path(path, document, ctx)
		if err != nil {
			return err
		}
		*to, _ = value.(string)
	}
	return out
}

func (e *execution) choose(s aslState, document any, ctx contextObject) string {
	for _, rule := range s.Choices {
		tests := rule.And
		if tests == nil {
			tests = []aslRule{rule}
		}
		if !slices.ContainsFunc(tests, func(r aslRule) bool { return !e.test(r, document, ctx) }) {
			return rule.Next
		}
	}
	return s.Default
}

func (e *execution) test(r aslRule, document any, ctx contextObject) bool {
	value, err := e.path(r.Variable, document, ctx)
	if r.IsPresent != nil {
		return (err == nil) == *r.IsPresent
	}
	if err != nil {
		e.t.Fatalf("%s is tested and is not there", r.Variable)
	}
	switch {
	case r.IsString != nil:
		_, is := value.(string)
		return is == *r.IsString
	case r.BooleanEquals != nil:
		return value == any(*r.BooleanEquals)
	case r.StringEquals != nil:
		return value == any(*r.StringEquals)
	}
	number, is := value.(float64)
	return is && number <= *r.NumericLessThanEquals
}

// attempts runs a state until it succeeds or is not retried. Step Functions counts
// retries per retrier; here no error matches two.
func (e *execution) attempts(s aslState, document any, ctx contextObject) (any, *failure) {
	for {
		result, err := e.once(s, document, ctx)
		if err == nil || errors.Is(err, errRuntime) {
			return result, err
		}
		i := slices.IndexFunc(s.Retry, func(r aslRetrier) bool { return matches(r.ErrorEquals, err) })
		if i < 0 || ctx.retries >= *s.Retry[i].MaxAttempts {
			return nil, err
		}
		ctx.retries++
	}
}

func matches(names []string, err *failure) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == err.name || name == "States.ALL" || name == "States.TaskFailed" && err.name != "States.Timeout"
	})
}

func (e *execution) catch(s aslState, err *failure) *aslCatcher {
	if errors.Is(err, errRuntime) {
		return nil
	}
	for _, c := range s.Catch {
		if matches(c.ErrorEquals, err) {
			return &c
		}
	}
	return nil
}

func (e *execution) once(s aslState, document any, ctx contextObject) (any, *failure) {
	switch s.Type {
	case "Pass":
		return e.template(s.Parameters, document, ctx)
	case "Task":
		parameters, err := e.template(s.Parameters, document, ctx)
		if err != nil {
			return nil, err
		}
		return e.send(parameters.(map[string]any)["MessageBody"])
	}
	items, err := e.path(s.ItemsPath, document, ctx)
	if err != nil {
		return nil, err
	}
	results := []any{}
	for i, item := range items.([]any) {
		inner := contextObject{index: i, item: item}
		input, err := e.template(s.ItemSelector, document, inner)
		if err != nil {
			return nil, err
		}
		result, err := e.machine(*s.ItemProcessor, input, inner)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return e.template(s.ResultSelector, results, ctx)
}

// send is the queue, the control plane and the agents: the message must be one of the protocol's.
func (e *execution) send(message any) (any, *failure) {
	data, err := json.Marshal(message)
	if err != nil {
		e.t.Fatal(err)
	}
	if kind, _ := task.KindOf(data); kind == task.KindApprovalRequest {
		request, err := task.DecodeApprovalRequest(data)
		if err != nil {
			e.t.Fatalf("%s: %v", data, err)
		}
		e.asked = append(e.asked, request)
		a := e.world(request.Step, 0, 0)
		if a.silent() {
			return nil, &failure{name: "States.Timeout"}
		}
		return map[string]any{"inline": map[string]any{"decision": string(a.outcome), "by": "ada"}}, nil
	}
	order, err := task.DecodeOrder(data)
	if err != nil {
		e.t.Fatalf("%s: %v", data, err)
	}
	e.orders = append(e.orders, order)
	a := e.world(order.Step, order.Index, order.Attempt)
	switch {
	case a.silent():
		return nil, &failure{name: "States.Timeout"}
	case a.err != "":
		return nil, &failure{a.err, a.cause}
	}
	body, err := json.Marshal(a.body())
	if err != nil {
		e.t.Fatal(err)
	}
	return decode(e.t, body), nil
}

func (e *execution) template(template any, document any, ctx contextObject) (any, *failure) {
	fields, ok := template.(map[string]any)
	if !ok {
		return template, nil
	}
	out := map[string]any{}
	for name, value := range fields {
		path, isPath := strings.CutSuffix(name, ".$")
		var err *failure
		if isPath {
			out[path], err = e.path(value.(string), document, ctx)
		} else {
			out[name], err = e.template(value, document, ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *execution) path(path string, document any, ctx contextObject) (any, *failure) {
	if inner, ok := strings.CutPrefix(path, "States.ArrayLength("); ok {
		value, err := e.path(strings.TrimSuffix(inner, ")"), document, ctx)
		list, isList := value.([]any)
		if err != nil || !isList {
			return nil, errRuntime
		}
		return float64(len(list)), nil
	}
	if rest, ok := strings.CutPrefix(path, "$$"); ok {
		path, document = "$"+rest, map[string]any{
			"Execution": map[string]any{"Name": e.name},
			"State":     map[string]any{"RetryCount": float64(ctx.retries), "EnteredTime": ctx.entered},
			"Task":      map[string]any{"Token": "token"},
			"Map":       map[string]any{"Item": map[string]any{"Index": float64(ctx.index), "Value": ctx.item}},
		}
	}
	parts := strings.Split(path, ".")
	if parts[0] != "$" {
		e.t.Fatalf("%q is no path", path)
	}
	for _, part := range parts[1:] {
		object, ok := document.(map[string]any)
		if !ok {
			return nil, errRuntime
		}
		if document, ok = object[part]; !ok {
			return nil, errRuntime
		}
	}
	return document, nil
}

// put returns the document with a value at a path, which only makes the last field.
func put(document any, path string, value any) any {
	if path == "" || path == "$" {
		return value
	}
	out := map[string]any{}
	maps.Copy(out, document.(map[string]any))
	first, rest, more := strings.Cut(strings.TrimPrefix(path, "$."), ".")
	if more {
		value = put(out[first], "$."+rest, value)
	}
	out[first] = value
	return out
}
