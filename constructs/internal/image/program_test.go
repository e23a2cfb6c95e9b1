package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const modulePath = "github.com/aegis-agents/aegis"

// library copies what Program needs into a module of the library's name, with a
// package that another module may import: the constructs are that in the real one.
func library(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("../../..")
	must(t, err)
	dir := t.TempDir()
	for _, name := range []string{"constructs/internal/ahead", "constructs/internal/cachehome", "constructs/internal/image", "constructs/internal/packaging"} {
		must(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(repository, name))))
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(repository, name))
		must(t, err)
		write(t, dir, map[string]string{name: string(text)})
	}
	return write(t, dir, map[string]string{"constructs/agent/agent.go": `package agent

import (
	"context"

	"` + modulePath + `/constructs/internal/image"
)

func Program(goos, goarch string) (string, string, error) {
	return image.Program(context.Background(), goos, goarch)
}
`})
}

// team is another module, which uses the library.
func team(t *testing.T, library string) string {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join(library, "go.mod"))
	must(t, err)
	// The library's own requirements are the team's indirect ones.
	_, requirements, ok := strings.Cut(string(mod), "\nrequire (")
	if !ok {
		t.Fatal("go.mod has no requirements")
	}
	sum, err := os.ReadFile(filepath.Join(library, "go.sum"))
	must(t, err)
	return write(t, t.TempDir(), map[string]string{
		"go.mod": "module example.com/team\n\ngo 1.26.0\n\nrequire " + modulePath + " v0.0.0\n\nreplace " + modulePath +
			" => \"" + library + "\"\n\nrequire (" + requirements,
		"go.sum": string(sum),
		"infra/main.go": `package main

import (
	"fmt"
	"os"
	"runtime"

	"` + modulePath + `/constructs/agent"
)

func main() {
	path, sum, err := agent.Program(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(path, sum)
}
`,
	})
}

func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off"}, env...)...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), stderr.String())
	}
	return strings.TrimSpace(out.String())
}

func try(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOWORK=off", "GOTOOLCHAIN=local"}, env...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// TestProgramInAnotherModule is how a team uses the library: from the module cache
// and, with nothing else to be had, from its vendor folder.
func TestProgramInAnotherModule(t *testing.T) {
	dir := team(t, library(t))
	infra := func(t *testing.T, env ...string) {
		// -trimpath lets the build cache know the packages again in the next run's
		// temporary folder.
		bin := filepath.Join(t.TempDir(), "infra")
		run(t, dir, env, "go", "build", "-trimpath", "-o", bin, "./infra")
		// The program that synthesizes must not carry the AWS SDK.
		if deps := run(t, dir, env, "go", "list", "-deps", "./infra"); strings.Contains(deps, "aws-sdk-go") {
			t.Error("the AWS SDK is linked into the program that synthesizes")
		}
		out := run(t, filepath.Join(dir, "infra"), append(env, "AEGIS_CACHE_DIR="+t.TempDir()), bin)
		path, sum, _ := strings.Cut(out, " ")
		if len(sum) != 64 {
			t.Fatalf("got %q", out)
		}
		if got, code := start(t, path, nil, "nonsense"); code != 1 || !strings.Contains(got, `the only command is "push"`) {
			t.Errorf("exit %d, %s", code, got)
		}
	}
	t.Run("module cache", func(t *testing.T) { infra(t, "GOFLAGS=-mod=mod") })
	t.Run("vendor folder", func(t *testing.T) {
		// Works offline when the module cache has what any system would need. One
		// that has not is filled, once.
		vendor := []string{"GOFLAGS=-mod=mod", "GOPROXY=off"}
		if try(dir, vendor, "go", "mod", "vendor") != nil {
			must(t, try(".", nil, "go", "mod", "download"))
			must(t, try(dir, vendor, "go", "mod", "vendor"))
		}
		infra(t, "GOFLAGS=", "GOMODCACHE="+t.TempDir())
	})
}

// start runs a compiled program.
func start(t *testing.T, path string, env []string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func TestProgram(t *testing.T) {
	path, sum, err := Program(context.Background(), runtime.GOOS, runtime.GOARCH)
	must(t, err)
	if filepath.Base(path) != "aegis-image" || len(sum) != 64 {
		t.Errorf("%s %s", path, sum)
	}
	again, sumAgain, err := Program(context.Background(), runtime.GOOS, runtime.GOARCH)
	must(t, err)
	if again != path || sumAgain != sum {
		t.Errorf("the second time it is %s %s", again, sumAgain)
	}
	if out, code := start(t, path, []string{"AEGIS_IMAGE_JOB="}, "push"); code != 1 ||
		out != "error: AEGIS_IMAGE_JOB is not set: this program is run by terraform apply\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	info, err := os.Stat(path)
	must(t, err)
	t.Logf("%.1f MB", float64(info.Size())/1e6)
}

func TestProgramErrors(t *testing.T) {
	const prefix = "the program that pushes images cannot be compiled; synth must run inside the Go module that uses it: "
	t.Run("no go", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, _, err := Program(context.Background(), "linux", "arm64")
		want := prefix + "go was not found in PATH, it is needed to build " + programPackage + ": install Go from https://go.dev/dl/"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
	t.Run("outside of a module", func(t *testing.T) {
		t.Chdir(t.TempDir())
		_, _, err := Program(context.Background(), "linux", "arm64")
		if err == nil || !strings.HasPrefix(err.Error(), prefix+"package \""+programPackage+"\" was not found in .:") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unknown system", func(t *testing.T) {
		_, _, err := Program(context.Background(), "plan9", "arm64")
		if err == nil || err.Error() != prefix+`OS: must be "linux", "darwin" or "windows", got "plan9"` {
			t.Errorf("got %v", err)
		}
	})
}
