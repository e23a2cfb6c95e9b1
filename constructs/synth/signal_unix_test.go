//go:build unix

package synth_test

import (
	"bytes"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tooLong is how long a stopped run may go on, on a machine that is busy with
// the other tests.
const tooLong = 20 * time.Second

func stopsAtASignal(t *testing.T, app program) {
	for name, test := range map[string]struct {
		app    string
		signal syscall.Signal
		group  bool // as a terminal does: Node gets the signal, too
		code   int
	}{
		"Ctrl-C":                     {"busy", syscall.SIGINT, true, 130},
		"SIGINT":                     {"busy", syscall.SIGINT, false, 130},
		"SIGTERM":                    {"busy", syscall.SIGTERM, false, 143},
		"what cannot be interrupted": {"sleep", syscall.SIGINT, false, 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := app.in(t)
			cmd := p.command(test.app)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			// The app says that it is ready; its run has then begun.
			if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			time.Sleep(50 * time.Millisecond)
			target := cmd.Process.Pid
			if test.group {
				target = -target
			}
			start := time.Now()
			if err := syscall.Kill(target, test.signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // its error is the exit code, which is looked at
			equal(t, cmd.ProcessState.ExitCode(), test.code)
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %s to stop", took)
			}
			text := withoutBanner(stderr.String())
			if test.group {
				// jsii may notice that Node ended before we know of the signal.
				text = text[max(0, strings.Index(text, "synth stopped")):]
			}
			equal(t, text, "synth stopped; nothing was written\n")
			p.noOutput(t)
		})
	}
}
