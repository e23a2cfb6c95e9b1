package builder

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// guardCommand is how the program starts itself as a guard.
const guardCommand = "guard"

// guard is a second process of this program which outlives it by a moment.
// Terraform answers an interrupt by killing its provisioners at once, and CI
// systems interrupt Terraform alone: without a guard the password of the registry
// would stay on disk and docker would go on.
//
// It reads the number of the docker process, or 0, from a pipe. The pipe ends with
// the program, however that ends.
type guard struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// startGuard starts the guard of a directory. Without one, which is no reason to
// fail, an orderly end cleans up all the same.
func startGuard(dir string) *guard {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	cmd := exec.Command(self, guardCommand, dir) //nolint:noctx // it must outlive the context
	cmd.Env = []string{}
	pipe, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return nil
	}
	return &guard{cmd, pipe}
}

// watch says which process runs; 0 is none.
func (g *guard) watch(pid int) {
	if g != nil {
		fmt.Fprintln(g.pipe, pid)
	}
}

// end lets the guard go.
func (g *guard) end() {
	if g != nil {
		_ = g.pipe.Close()
		_ = g.cmd.Wait()
	}
}

// keepGuard is what the guard does.
func keepGuard(in io.Reader, dir string) {
	// What stops the program must not stop its guard.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	pid := 0
	for lines := bufio.NewScanner(in); lines.Scan(); {
		pid, _ = strconv.Atoi(strings.TrimSpace(lines.Text()))
	}
	_ = os.RemoveAll(dir)
	if pid <= 0 {
		return
	}
	if process, err := os.FindProcess(pid); err == nil && process.Signal(os.Interrupt) != nil {
		_ = process.Kill() // Windows has no interrupt
	}
	// docker login could have been about to write.
	time.Sleep(time.Second)
	_ = os.RemoveAll(dir)
}
