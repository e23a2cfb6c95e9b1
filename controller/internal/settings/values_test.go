package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/settings"
)

func TestValues(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/agents"
	readInt := func(r *settings.Reader) any { return r.Int("X", 1, 10, 5) }
	readBool := func(r *settings.Reader) any { return r.Bool("X") }
	readList := func(r *settings.Reader) any { return r.List("X") }
	readARN := func(r *settings.Reader) any { return r.ARN("X", "ecs") }
	readARNs := func(r *settings.Reader) any { return r.ARNs("X", "ecs", "a") }
	for name, tc := range map[string]struct {
		value   string
		read    func(*settings.Reader) any
		want    any
		problem string
	}{
		"number, none":     {"", readInt, 5, ""},
		"number, lowest":   {"1", readInt, 1, ""},
		"number, highest":  {"10", readInt, 10, ""},
		"number, too low":  {"0", readInt, 5, `must be a number from 1 to 10, got "0"`},
		"number, too high": {"11", readInt, 5, `must be a number from 1 to 10, got "11"`},
		"number, a word":   {"many", readInt, 5, `must be a number from 1 to 10, got "many"`},
		"bool":             {"true", readBool, true, ""},
		"bool, false":      {"false", readBool, false, ""},
		"bool, none":       {"", readBool, false, "must be set"},
		"bool, yes":        {"yes", readBool, false, `must be true or false, got "yes"`},
		"list":             {"a, b", readList, []string{"a", "b"}, ""},
		"list, a gap":      {"a,", readList, []string(nil), `must be names with a comma between them, got "a,"`},
		"ARN":              {arn, readARN, arn, ""},
		"ARN, a name":      {"agents", readARN, "", `must be an ARN of ecs, got "agents"`},
		"ARN, another":     {"arn:aws:sqs:eu-west-1:123456789012:x", readARN, "", `must be an ARN of ecs, got "arn:aws:sqs:eu-west-1:123456789012:x"`},
		"ARN, a key":       {strings.Repeat("QUFB", 11), readARN, "", `must be an ARN of ecs, got 44 characters`},
		"ARN, long":        {strings.Repeat("é", 50), readARN, "", `must be an ARN of ecs, got "` + strings.Repeat("é", 40) + `…"`},
		"ARNs":             {`{"a":"` + arn + `"}`, readARNs, map[string]string{"a": arn}, ""},
		"ARNs, one less":   {`{"b":"` + arn + `"}`, readARNs, map[string]string{"b": arn}, "must have a, got b"},
		"ARNs, a name":     {`{"a":"agents"}`, readARNs, map[string]string{"a": "agents"}, `a must be an ARN of ecs, got "agents"`},
		"ARNs, null":       {`null`, readARNs, map[string]string(nil), `must be a JSON object from names to ARNs, got "null"`},
		"ARNs, more":       {`{} {}`, readARNs, map[string]string(nil), `must be a JSON object from names to ARNs, got "{} {}"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := settings.NewReader(func(string) string { return tc.value })
			if diff := cmp.Diff(tc.want, tc.read(r)); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			var problems []string
			if tc.problem != "" {
				problems = []string{"X: " + tc.problem}
			}
			if diff := cmp.Diff(problems, r.Problems()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
