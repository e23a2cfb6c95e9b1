// Package vendortest checks that the constructs work in another team's module
// which keeps its dependencies in a vendor folder: every file that the Go code
// embeds must come along.
//
// It has no code but the test.
package vendortest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const modulePath = "github.com/aegis-agents/aegis"

// vendored are the embedded files, as vendor folder path.
var vendored = []string{
	modulePath + "/constructs/internal/lazyload/hook.cjs",
	modulePath + "/constructs/internal/schedule/zones.txt",
	"github.com/aws/constructs-go/constructs/*/jsii/*.tgz",
	"github.com/aws/jsii-runtime-go/internal/embedded/resources/lib/program.js",
	"github.com/cdktf/cdktf-provider-aws-go/aws/*/jsii/*.tgz",
	"github.com/hashicorp/terraform-cdk-go/cdktf/jsii/*.tgz",
}

// unwanted are trees that nothing in the constructs may import.
var unwanted = []string{
	modulePath + "/apps",
	modulePath + "/controller",
	"github.com/aws/aws-sdk-go-v2",
	"github.com/google/go-cmp",
}

func TestVendoredModule(t *testing.T) {
	repository, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/orders")); err != nil {
		t.Fatal(err)
	}
	// The repository's requirements, so that both build with the same versions.
	// A tidy would ask for the tests of every dependency.
	_, requirements, _ := strings.Cut(read(t, filepath.Join(repository, "go.mod")), "\n")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/orders\n"+requirements+
		"\nrequire "+modulePath+" v0.0.0\n\nreplace "+modulePath+" => "+quote(repository)+"\n")
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(repository, "go.sum")))

	// What the module cache lacks is downloaded, as for any user: vendoring looks
	// at every build tag, the repository's own tests at one platform only.
	run(t, dir, []string{"GOFLAGS=-mod=mod"}, "go", "mod", "vendor")
	vendor := filepath.Join(dir, "vendor")
	for _, pattern := range vendored {
		if found, _ := filepath.Glob(filepath.Join(vendor, filepath.FromSlash(pattern))); len(found) != 1 {
			t.Errorf("%s: got %v in the vendor folder, want one", pattern, found)
		}
	}
	for _, name := range unwanted {
		if _, err := os.Stat(filepath.Join(vendor, filepath.FromSlash(name))); err == nil {
			t.Errorf("%s: got it in the vendor folder, want nothing imported from there", name)
		}
	}

	// From here on there is nothing but the vendor folder. -trimpath lets the
	// build cache know the packages again in the next run's temporary folder.
	run(t, dir, []string{"GOFLAGS=-mod=vendor", "GOPROXY=off", "GOMODCACHE=" + t.TempDir()},
		"go", "build", "-trimpath", "-ldflags=-s -w", "-o", "app.exe", ".")
	cache := t.TempDir()
	run(t, dir, []string{"AEGIS_CACHE_DIR=" + cache, "AEGIS_LAZY_PROVIDERS=", "CDKTF_OUTDIR="}, filepath.Join(dir, "app.exe"))
	if hooks, _ := filepath.Glob(filepath.Join(cache, "loader", "*", "hook.cjs")); len(hooks) != 1 {
		t.Errorf("got the loader's hooks %v, want the one that was vendored", hooks)
	}

	stack := filepath.Join(dir, "cdktf.out", "stacks", "orders")
	var terraform struct {
		Resource map[string]map[string]struct {
			Filename string `json:"filename"`
		} `json:"resource"`
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(stack, "cdk.tf.json"))), &terraform); err != nil {
		t.Fatal(err)
	}
	functions := terraform.Resource["aws_lambda_function"]
	if len(functions) != 1 {
		t.Fatalf("got %d functions, want 1", len(functions))
	}
	for _, f := range functions {
		if _, err := os.Stat(filepath.Join(stack, filepath.FromSlash(f.Filename))); err != nil {
			t.Errorf("the function's package: %v", err)
		}
	}
}

func run(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local")
	cmd.Env = append(cmd.Env, env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, output)
	}
}

// quote writes a path for go.mod, in which one with spaces needs quotes.
func quote(path string) string { return `"` + filepath.ToSlash(path) + `"` }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
