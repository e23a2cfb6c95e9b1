package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal starts a demo in a terminal, and returns what types there.
func (p *place) terminal(ctx context.Context, out *output) (*exec.Cmd, *os.File) {
	p.t.Helper()
	typist, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Skip("no pseudo terminal: ", err)
	}
	p.t.Cleanup(func() { typist.Close() })
	var number, locked int32
	for request, value := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &locked} {
		if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, typist.Fd(), request, uintptr(unsafe.Pointer(value))); failed != 0 {
			p.t.Fatal(failed)
		}
	}
	in, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer in.Close()
	demo := p.command(ctx, out, "demo", "--questions", "1")
	demo.Stdin = in
	if err := demo.Start(); err != nil {
		p.t.Fatal(err)
	}
	return demo, typist
}

func TestDemoAsks(t *testing.T) {
	t.Parallel()
	const please = "Please answer y (yes) to approve or n (no) to reject."
	for name, test := range map[string]struct {
		typed []string
		want  string // in what it prints
		again int    // how often it asks again
		code  int
	}{
		"yes":                   {[]string{" Yes \n"}, "succeeded", 0, 0},
		"no":                    {[]string{"N\n"}, "approve: rejected by", 0, 1},
		"asked again, then yes": {[]string{"\n", "maybe\n", "yes please\n", "y\n"}, "succeeded", 3, 0},
		"asked again, then no":  {[]string{"\n", "no\n"}, "approve: rejected by", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var out output
			demo, typist := newPlace(t, "").terminal(ctx, &out)
			for i, line := range test.typed {
				waitFor(t, "the question", func() bool { return strings.Count(out.String(), "[y/n]") == i+1 })
				if _, err := typist.WriteString(line); err != nil {
					t.Fatal(err)
				}
			}
			_ = demo.Wait() // its error is the exit code, which is looked at
			text := out.String()
			if got := strings.Count(text, please); got != test.again || demo.ProcessState.ExitCode() != test.code || !strings.Contains(text, test.want) {
				t.Errorf("got exit code %d, asked again %d times, want %d, %d and %q in\n%s",
					demo.ProcessState.ExitCode(), got, test.code, test.again, test.want, text)
			}
		})
	}
}

// At the end of the input the demo goes on waiting, and the command that it
// prints decides, in whatever folder.
func TestDemoInputEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := newPlace(t, "")
	p.dir = filepath.Join(filepath.Dir(p.dir), `it's "my" $data`)
	var out output
	demo, typist := p.terminal(ctx, &out)
	waitFor(t, "the question", func() bool { return strings.Contains(out.String(), "[y/n]") })
	const endOfInput = "\x04" // Ctrl-D
	if _, err := typist.WriteString(endOfInput); err != nil {
		t.Fatal(err)
	}
	var command string
	waitFor(t, "how to decide", func() bool {
		_, after, _ := strings.Cut(out.String(), "Decide in another terminal: ")
		var found bool
		command, _, found = strings.Cut(after, "\n")
		return found
	})
	if text, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
	if err := demo.Wait(); err != nil || !strings.Contains(out.String(), "succeeded") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
