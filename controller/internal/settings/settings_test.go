package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/settings"
)

const want = "TASK_QUEUE: must be a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"

func TestQueueURL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ value, problem string }{
		"aws":                {"https://sqs.eu-west-1.amazonaws.com/123456789012/tasks", ""},
		"emulator":           {"http://127.0.0.1:4566/000000000000/tasks", ""},
		"unset":              {"", "TASK_QUEUE: must be set"},
		"blank":              {" \t", "TASK_QUEUE: must be set"},
		"name":               {"tasks", want + `, got "tasks"`},
		"arn":                {"arn:aws:sqs:eu-west-1:123456789012:tasks", want + `, got the ARN "arn:aws:sqs:eu-west-1:123456789012:tasks"`},
		"no host":            {"https:///123456789012/tasks", want + `, got "https:///123456789012/tasks"`},
		"no queue":           {"https://sqs.eu-west-1.amazonaws.com/", want + `, got "https://sqs.eu-west-1.amazonaws.com/"`},
		"scheme":             {"sqs://host/1/tasks", want + `, got "sqs://host/1/tasks"`},
		"not a URL":          {"http://host\x7f/secret", want + ", got a value that is not a URL"},
		"password is hidden": {"https://me:secret@host/1/tasks", want + ` without credentials, got "https://me:xxxxx@host/1/tasks"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := settings.NewReader(func(string) string { return tc.value })
			got := r.QueueURL("TASK_QUEUE")
			var problems []string
			wantValue := tc.value
			if tc.problem != "" {
				problems, wantValue = []string{tc.problem}, ""
			}
			if diff := cmp.Diff(problems, r.Problems()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if got != wantValue {
				t.Errorf("value: want %q, got %q", wantValue, got)
			}
		})
	}
}

func TestProblemsListsAllInOrder(t *testing.T) {
	t.Parallel()
	env := map[string]string{"B": "given", "TASK_QUEUE": "tasks"}
	r := settings.NewReader(func(name string) string { return env[name] })
	r.Required("A")
	if got := r.Required("B"); got != "given" {
		t.Errorf("B: want given, got %q", got)
	}
	r.QueueURL("TASK_QUEUE")
	r.Required("C")
	if diff := cmp.Diff([]string{"A: must be set", want + `, got "tasks"`, "C: must be set"}, r.Problems()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
