package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// aslValidator is where npm ci puts it, or anywhere on the PATH.
func aslValidator() (string, error) {
	if path, err := filepath.Abs("../../node_modules/.bin/asl-validator"); err == nil {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return exec.LookPath("asl-validator")
}

// machinesAreValid gives the definitions to asl-validator, as Terraform would fill
// them in.
func machinesAreValid(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	validator, err := aslValidator()
	if err != nil {
		t.Skip("asl-validator is not installed: make node_modules")
	}
	filled := strings.NewReplacer(
		"${aws_sqs_queue.Tasks.url}", "https://sqs.eu-central-1.amazonaws.com/123456789012/aegis-tasks",
		"${data.aws_partition.Partition.partition}", "aws",
	)
	for id, machine := range stack.Resources("aws_sfn_state_machine") {
		path := filepath.Join(t.TempDir(), "definition.asl.json")
		if err := os.WriteFile(path, []byte(filled.Replace(machine["definition"].(string))), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), validator, "--json-path", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", id, err, out)
		}
	}
}
