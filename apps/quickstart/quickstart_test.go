package main

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestMain(m *testing.M) { synthtest.Main(m) }

// TestGolden synthesizes the program that the README shows, from the folder that
// its reader runs it in.
func TestGolden(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	stack := synthtest.App(t, quickstart)["quickstart"]
	t.Chdir(here)
	stack.Golden("quickstart")
}

// TestController runs the tests of the Python handler.
func TestController(t *testing.T) {
	python, err := exec.LookPath("python3")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("python3 is not installed: the handler's own tests are skipped")
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "-m", "unittest", "discover", "--start-directory", "tests", "--top-level-directory", ".")
	cmd.Dir = "controller"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
