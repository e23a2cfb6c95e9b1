package controller_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What runs in AWS must not carry what deploys it: jsii would put Node.js
// behind a Lambda function.
func TestControlPlaneDoesNotReachTheConstructs(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		"github.com/hashicorp/terraform-cdk-go",
		"github.com/aws/jsii-runtime-go",
		"github.com/aws/constructs-go",
		"github.com/cdktf",
		"github.com/aegis-agents/aegis/constructs",
		"github.com/aegis-agents/aegis/apps",
	}
	root := ".."
	var patterns []string
	for _, folder := range []string{"controller", "agents"} {
		if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
			continue
		}
		patterns = append(patterns, "./"+folder+"/...")
		// go test reuses a result until a file that the test itself looked at
		// has changed, and does not see what go list looks at.
		err := filepath.WalkDir(filepath.Join(root, folder), func(string, fs.DirEntry, error) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	// With -test: a test that drives the constructs belongs to the apps or to e2e.
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-test"}, patterns...)...)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	deps := strings.Split(strings.TrimSpace(string(out)), "\n")
	// A list without what is known to be there would prove nothing.
	known := false
	for _, dep := range deps {
		known = known || dep == "github.com/aegis-agents/aegis/controller/cmd/controller"
		for _, path := range forbidden {
			if dep == path || strings.HasPrefix(dep, path+"/") {
				t.Errorf("%s is reached from %s", dep, strings.Join(patterns, " or "))
			}
		}
	}
	if !known {
		t.Errorf("go list does not show the controller, got %d packages", len(deps))
	}
}
