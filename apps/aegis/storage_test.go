package main

import (
	"os"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/controller/flow"
)

// TestCheckpoints: one is kept as long as a workflow can come back to it, and is where
// the agents put it.
func TestCheckpoints(t *testing.T) {
	e := presets()[dev]
	stack := synthesize(t, e)[e.stackName()]
	rules, _ := stack.Only("aws_s3_bucket_lifecycle_configuration")["rule"].([]any)
	found := false
	for _, rule := range rules {
		days := synthtest.Get(rule, "expiration", "days")
		if synthtest.Get(rule, "filter", "prefix") != "checkpoints/" {
			if days != nil {
				t.Errorf("objects for good expire after %v days: %v", days, rule)
			}
			continue
		}
		found = true
		if days != float64(checkpointDays) {
			t.Errorf("expires after %v days", days)
		}
	}
	if !found {
		t.Error("no rule for checkpoints/")
	}
	for _, w := range flow.Workflows() {
		if w.Timeout == 0 || w.Timeout >= checkpointDays*flow.Day {
			t.Errorf("%s may take %d seconds, a checkpoint is there for %d days", w.Name, w.Timeout, checkpointDays)
		}
	}
	kit, err := os.ReadFile(kitSources + "/checkpoint.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(kit), `"`+checkpointPrefix+`/%s/`) {
		t.Errorf("the agents put checkpoints elsewhere than in %s/", checkpointPrefix)
	}
}
