package flow_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
)

var update = flag.Bool("update", false, "write the golden files and histories instead of comparing with them")

// The account is nobody's. The file is also what asl-validator is given.
var names = flow.Resources{Partition: "aws", TaskQueueURL: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"}

// everything is a workflow with every kind of step and every setting.
func everything() flow.Workflow {
	return flow.Workflow{
		Name:    "everything",
		Comment: "Every kind of step <and> setting.",
		Inputs: []flow.Input{
			{Name: "items", Type: flow.Array, Max: 3},
			{Name: "mode", Type: flow.String, Default: json.RawMessage(`"slow"`)},
			{Name: "ask", Type: flow.Boolean, Default: json.RawMessage(`false`)},
		},
		Timeout: flow.Day,
		Steps: []flow.Step{
			{Name: "how", Choice: &flow.Choice{
				Rules: []flow.Rule{
					{If: "input.mode", Is: "fast", Next: "each"},
					{If: "input.mode", Is: "never", Next: "refused"},
				},
				Default: "pause",
			}},
			{Name: "pause", Wait: &flow.Wait{Seconds: flow.Minute, Next: "each"}},
			{Name: "each", Map: &flow.Map{
				Over: "input.items", MaxItems: 3, MaxConcurrency: 2, Next: "sum_up",
				Task: flow.Task{
					Agent: flow.Research, Timeout: flow.Minute, InlineLimit: 500,
					Input: map[string]flow.Ref{"name": "item.name", "all": "item", "input": "input.mode"},
					Retry: flow.Retry{MaxAttempts: 1, Interval: flow.Second, BackoffRate: 1.5},
				},
			}},
			{Name: "sum_up", Agent: &flow.Run{Next: "sure", Task: flow.Task{
				Agent: flow.Analyst, Timeout: 2 * flow.Minute, Heartbeat: 30 * flow.Second,
				Input: map[string]flow.Ref{"each": "each"},
				Retry: flow.Retry{MaxAttempts: 2, Interval: 10 * flow.Second, BackoffRate: 2, MaxDelay: 15 * flow.Second, Never: []string{"Agent.Refused"}},
			}}},
			{Name: "sure", Choice: &flow.Choice{
				Rules:   []flow.Rule{{If: "sum_up.verdict.sure", Is: true, Next: "done"}, {If: "input.ask", Is: true, Next: "approve"}},
				Default: "finish",
			}},
			{Name: "approve", Approval: &flow.Approval{
				Prompt: "Is \"this\" right?", Input: map[string]flow.Ref{"verdict": "sum_up.verdict", "sum": "sum_up"},
				Timeout: flow.Hour, Approved: "decided", Rejected: "refused", Expired: "finish",
			}},
			{Name: "decided", Choice: &flow.Choice{
				Rules: []flow.Rule{{If: "approve.by", Is: "nobody", Next: "refused"}}, Default: "finish",
			}},
			{Name: "finish", Agent: &flow.Run{Next: "done_too", Task: flow.Task{
				Agent: flow.Execution, Timeout: flow.Minute, Input: map[string]flow.Ref{},
			}}},
			{Name: "done", Succeed: &flow.Succeed{}},
			{Name: "done_too", Succeed: &flow.Succeed{Output: "finish"}},
			{Name: "refused", Fail: &flow.Fail{Error: "Test.Refused", Cause: "it was refused"}},
		},
	}
}

func allFlows() []flow.Workflow { return append(flow.Workflows(), everything()) }

func TestGoldens(t *testing.T) {
	t.Parallel()
	for _, w := range allFlows() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			got, err := flow.Render(w, names)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, w.Name+".asl.json", got)
			// Maps have no order: once could be luck.
			for range 20 {
				again, err := flow.Render(w, names)
				if err != nil || string(again) != string(got) {
					t.Fatalf("rendered differently, %v", err)
				}
			}
		})
	}
}

// Apps render with names that Terraform will know; cdktf must find them as they were.
func TestTokensAreEmbeddedAsTheyAre(t *testing.T) {
	t.Parallel()
	tokens := flow.Resources{
		Partition:    "${TfToken[TOKEN.12]}",
		TaskQueueURL: "${aws_sqs_queue.tasks[0].url}<>&",
	}
	got, err := flow.Render(flow.ResearchReport(), tokens)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		`"arn:${TfToken[TOKEN.12]}:states:::sqs:sendMessage.waitForTaskToken"`: 5,
		`"${aws_sqs_queue.tasks[0].url}<>&"`:                                   5,
		"${":                                                                   10, "%{": 0,
	} {
		if count := strings.Count(string(got), text); count != want {
			t.Errorf("%s: want %d times, got %d", text, want, count)
		}
	}
	back := strings.NewReplacer(tokens.Partition, names.Partition, tokens.TaskQueueURL, names.TaskQueueURL).Replace(string(got))
	want, err := flow.Render(flow.ResearchReport(), names)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		names flow.Resources
		flow  flow.Workflow
		want  string
	}{
		"no names": {flow.Resources{}, everything(), "Partition: must be set\nTaskQueueURL: must be set"},
		"a quote": {
			flow.Resources{Partition: `${a["b"]}`, TaskQueueURL: "a\nb"}, everything(),
			"Partition: must have no quotes, backslashes and control characters\nTaskQueueURL: must have no quotes, backslashes and control characters",
		},
		"a bad workflow": {names, flow.Workflow{Name: "empty"}, "Steps: must have at least one"},
		"a very long name": {
			flow.Resources{Partition: "aws", TaskQueueURL: strings.Repeat("x", 1<<20)}, everything(),
			"Steps: must have a definition of at most 1048576 bytes, got 4204735",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := flow.Render(tc.flow, tc.names)
			if err == nil || err.Error() != tc.want {
				t.Errorf("want %s\ngot  %v", tc.want, err)
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
