package builder

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

// TestInterrupt stops the program, a process of its own, while docker builds. The
// program alone gets the signal, as in CI; SIGKILL is what Terraform sends.
func TestInterrupt(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGINT": os.Interrupt, "SIGTERM": syscall.SIGTERM, "SIGKILL": os.Kill} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			dir, calls := withDocker(t, append([]answer{{Command: "buildx build", Out: "building\n", Wait: true}}, buildx(reg.host)...)...)
			text, err := dockerJob(t, nil).Encode()
			must(t, err)
			var out bytes.Buffer
			cmd := exec.Command(linkTo(t, t.TempDir(), "aegis-image"), job.Command)
			cmd.Env = append(os.Environ(), job.EnvJob+"="+text, job.EnvRepository+"="+reg.host+"/agents/one")
			cmd.Stdout, cmd.Stderr = &out, &out
			must(t, cmd.Start())
			waitFor(t, filepath.Join(dir, "waiting"))
			if len(leftovers(t)) != 1 {
				t.Error("no configuration while docker builds")
			}
			start := time.Now()
			must(t, cmd.Process.Signal(signal))
			_ = cmd.Wait()
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("stopping took %s", took)
			}
			if code := cmd.ProcessState.ExitCode(); signal != os.Kill && (code != 130 || !strings.Contains(out.String(), "interrupted after ")) {
				t.Errorf("exit %d: %s", code, out.String())
			}
			waitFor(t, filepath.Join(dir, "interrupted"))
			if left := leftovers(t); left != nil {
				t.Errorf("left behind: %s", left)
			}
			if got := commands(calls()); got[len(got)-1] != "buildx build" {
				t.Errorf("docker went on: %s", got)
			}
		})
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Fatalf("%s does not come", path)
}
