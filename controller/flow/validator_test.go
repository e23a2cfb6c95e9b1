package flow_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestValidator gives the definitions to asl-validator: what it takes is the
// language as others read it, not as we do.
func TestValidator(t *testing.T) {
	t.Parallel()
	validator, err := filepath.Abs(filepath.Join("..", "..", "node_modules", ".bin", "asl-validator"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(validator); err != nil {
		t.Skip("asl-validator is not installed: make node_modules")
	}
	validate := func(t *testing.T, path string) (string, error) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), validator, "--json-path", path).CombinedOutput()
		return string(out), err
	}
	definitions, err := filepath.Glob(filepath.Join("testdata", "*.asl.json"))
	if err != nil || len(definitions) == 0 {
		t.Fatalf("no definitions: %v", err)
	}
	for _, path := range definitions {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			if out, err := validate(t, path); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("a state that is not there", func(t *testing.T) {
		t.Parallel()
		good, err := os.ReadFile(definitions[0])
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "bad.asl.json")
		if err := os.WriteFile(path, []byte(strings.Replace(string(good), `"Next": "`, `"Next": "not-`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := validate(t, path); err == nil {
			t.Errorf("it takes anything: %s", out)
		}
	})
}
