package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/controller/flow"
)

// TestExpiry: a checkpoint is kept as long as a workflow can come back to it, a body
// as long as a record can name it, and an artifact for good. They are where the
// programs put them.
func TestExpiry(t *testing.T) {
	e := presets()[staging]
	stack := synthesize(t, e)[e.stackName()]
	rules, _ := stack.Only("aws_s3_bucket_lifecycle_configuration")["rule"].([]any)
	got := map[string]any{}
	for _, rule := range rules {
		prefix, _ := synthtest.Get(rule, "filter", "prefix").(string)
		got[prefix] = synthtest.Get(rule, "expiration", "days")
	}
	want := map[string]any{"": nil, "checkpoints/": 8.0, "objects/": 38.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days by prefix (-want +got):\n%s", diff)
	}
	for _, w := range flow.Workflows() {
		if w.Timeout == 0 || w.Timeout >= checkpointDays*flow.Day {
			t.Errorf("%s may take %d seconds, a checkpoint is there for %d days", w.Name, w.Timeout, checkpointDays)
		}
	}
	for path, prefix := range map[string]string{
		kitSources + "/checkpoint.go":                     `"` + checkpointPrefix + `/%s/`,
		agentSources + "/internal/transport/transport.go": `"` + bodyPrefix + `/"`,
		"../../controller/internal/port/port.go":          `"` + bodyPrefix + `/"`,
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), prefix) {
			t.Errorf("%s puts things elsewhere than in %s", path, prefix)
		}
	}
}
