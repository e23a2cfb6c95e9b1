//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
)

// The tests' own variables.
const (
	// required makes what the machine lacks a failure instead of a skip.
	required = "E2E"
	// rewrite makes this program rewrite the stacks in a folder, see commandline_test.go.
	rewrite = "E2E_REWRITE"
)

// commandTime is how long one command of Terraform's may take.
const commandTime = 5 * time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv(rewrite); dir != "" {
		os.Exit(rewriteMain(dir))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// The emulator and Terraform's own processes end with ours; folders do not.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-signals
		cleanUp()
		fmt.Fprintln(os.Stderr, "e2e:", s)
		os.Exit(1)
	}()
	defer cleanUp()
	code := m.Run()
	// What was skipped for want of a program did not need its exceptions.
	if unused := unusedExceptions(); code == 0 && complete() && summary.ran("Stack/lambda-all") && len(unused) > 0 {
		summary.note("never needed, remove from exceptions_test.go: %s", strings.Join(unused, "; "))
		code = 1
	}
	code = summary.print(os.Stdout, code)
	// jsii waits for Node from two goroutines, and the one that loses complains.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
	return code
}

// complete reports whether all tests ran.
func complete() bool {
	return flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
}

// work is the folder that everything is made in.
var work = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "aegis-e2e-")
	if err != nil {
		panic(err)
	}
	return dir
})

var cleanUp = sync.OnceFunc(func() {
	log := stopEmulator()
	if os.Getenv("E2E_KEEP") == "" {
		os.RemoveAll(work())
		return
	}
	if err := os.WriteFile(filepath.Join(work(), "emulator.log"), []byte(log), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	fmt.Fprintln(os.Stderr, "e2e: kept", work())
})

// root is the project's folder, which the apps are run in.
var root = sync.OnceValue(func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
})

// folder makes a folder for a case.
func folder(t testing.TB) string {
	t.Helper()
	//nolint:usetesting // E2E_KEEP keeps it
	dir, err := os.MkdirTemp(work(), strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+"-")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// lack skips a test for what the machine does not have, or fails it. However many
// tests miss it, the summary says so in one line.
func lack(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(required) == "required" {
		t.Fatalf("%s (%s=required)", what, required)
	}
	summary.note("skipped: %s", what)
	t.Skip(what)
}

func look(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		lack(t, program+" is not on the PATH")
	}
	return path
}

// python returns a program of the project's virtual environment.
func python(t testing.TB, program string) string {
	t.Helper()
	path := filepath.Join(root(), ".venv", "bin", program)
	if _, err := os.Stat(path); err != nil {
		lack(t, ".venv/bin/"+program+" is missing: make .venv")
	}
	return path
}

// limited is a context for one command.
func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), commandTime)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
