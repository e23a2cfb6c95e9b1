package programs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/programs"
)

func TestBeside(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, agent := range flow.Agents() {
		if err := os.WriteFile(filepath.Join(folder, string(agent)), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var progress bytes.Buffer
	found, err := programs.Find(t.Context(), folder, t.TempDir(), &progress)
	if err != nil || len(found) != len(flow.Agents()) || progress.Len() != 0 {
		t.Fatalf("%v, %v, %q", found, err, &progress)
	}
	if found["analyst"] != filepath.Join(folder, "analyst") {
		t.Error(found)
	}
}
