package kernel

import (
	"os"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/internal/lazyload"
)

func TestMain(m *testing.M) {
	code := m.Run()
	Stop(os.Stderr)
	os.Exit(code)
}

func TestKernel(t *testing.T) {
	t.Setenv("NODE_OPTIONS", "")
	t.Setenv(continueOnErrors, "as it was")
	t.Setenv(lazyload.EnvDisable, "perhaps")
	start := func() string {
		t.Helper()
		notice, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		return notice
	}

	if notice := start(); !strings.Contains(notice, lazyload.EnvDisable) {
		t.Errorf("got the notice %q, want why the loader is off", notice)
	}
	if notice := start(); notice != "" {
		t.Errorf("got the notice %q of a kernel that runs, want none", notice)
	}
	if !Alive() {
		t.Error("a started kernel must answer")
	}

	stderr := os.Stderr
	Abort()
	if Alive() {
		t.Error("an aborted kernel must not answer")
	}
	if os.Stderr != stderr {
		t.Error("an abort must leave os.Stderr as it was")
	}
	Abort() // of nothing

	t.Setenv(lazyload.EnvDisable, "on")
	if notice := start(); notice != "" {
		t.Errorf("got the notice %q, want none", notice)
	}
	if !Alive() {
		t.Error("a kernel must start again after an abort")
	}
	for name, want := range map[string]string{"NODE_OPTIONS": "", continueOnErrors: "as it was", nodeProgram: ""} {
		if got := os.Getenv(name); got != want {
			t.Errorf("%s: got %q left, want %q", name, got, want)
		}
	}
}

func TestStartWithoutNode(t *testing.T) {
	t.Setenv(nodeProgram, "node-that-is-not-there")
	Abort() // of the kernel of another test
	_, err := Start()
	const want = `must be able to run Node.js 20 or later as "node-that-is-not-there", got: `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
}
