package main

import (
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
	program, log := filepath.Join(dir, "aegis"), filepath.Join(dir, "log")
	if out, err := exec.CommandContext(t.Context(), goTool, "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script := "#!/bin/sh\n[ \"$1\" = build ] && echo \"$*\" >>'" + log + "'\nexec '" + goTool + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
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
