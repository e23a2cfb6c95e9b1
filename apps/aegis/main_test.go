package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildsAreStarted runs the command with a go that records what it builds. A
// program that is missing in startBuilds has a go build of its own, and one that a
// second environment does not share has another.
func TestBuildsAreStarted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("go is replaced by a shell script")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	for name, script := range map[string]string{
		"go": "[ \"$1\" = build ] && echo \"$*\" >>'" + log + "'\nexec '" + goTool + "' \"$@\"\n",
		// As where there is none: a synth takes Go and Node alone.
		"terraform": "exit 127\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), build(t))
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(),
		"PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "CDKTF_OUTDIR="+filepath.Join(dir, "out"), envNames+"="+dev+","+production)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		_, packages, _ := strings.Cut(strings.TrimSpace(line), " -- ")
		words := strings.Fields(packages)
		slices.Sort(words)
		got = append(got, strings.Join(words, " "))
	}
	var ofAgents, ofFunctions []string
	for _, spec := range agentSpecs() {
		ofAgents = append(ofAgents, spec.source().Path)
	}
	for _, name := range functionNames {
		ofFunctions = append(ofFunctions, name.code().Path)
	}
	slices.Sort(ofAgents)
	slices.Sort(ofFunctions)
	want := []string{
		strings.Join(ofAgents, " "), "github.com/aegis-agents/aegis/constructs/internal/image/program", strings.Join(ofFunctions, " "),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("go build (-want +got):\n%s", diff)
	}
}

// TestWrongFolder runs the program where there is no project.
func TestWrongFolder(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), build(t))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "CDKTF_CONTEXT_JSON=", "CDKTF_OUTDIR=")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit status 1", err)
	}
	want := "cdktf.json: must be in the current folder, got none: run this in the project's folder\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(cmd.Dir); err != nil || len(entries) > 0 {
		t.Errorf("wrote %v, %v", entries, err)
	}
}

// build is the path of the program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "aegis.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}
