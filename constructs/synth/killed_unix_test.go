//go:build unix

package synth_test

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// removesWhatAKilledRunLeft kills one of two runs: the next one removes its
// staging folder, and leaves that of the other, which goes on.
func removesWhatAKilledRunLeft(t *testing.T, app program) {
	p := app.in(t)
	killed, left := p.begin(t)
	going, used := p.begin(t, left...)
	if len(left) != 1 || len(used) != 1 {
		t.Fatalf("got the staging folders %v and %v, want one of each run", left, used)
	}
	kill(killed)
	p.succeed(t, "good")
	equal(t, p.stagingFolders(t), used)
	kill(going)
	p.succeed(t, "good")
	equal(t, p.stagingFolders(t), []string(nil))
}

// begin starts a run that goes on until it is killed, and returns its staging
// folder, the one that there was not before.
func (p *process) begin(t *testing.T, before ...string) (*exec.Cmd, []string) {
	t.Helper()
	cmd := p.command("sleep")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	isOld := func(dir string) bool { return slices.Contains(before, dir) }
	return cmd, slices.DeleteFunc(p.stagingFolders(t), isOld)
}

// kill ends a process, if it has not ended, with SIGKILL.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func (p *process) stagingFolders(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(p.dir, "cdktf.out", ".staging-*"))
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
