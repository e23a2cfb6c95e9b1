package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// bin is the folder of the programs, which TestMain builds.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "aegis-test-*"); err == nil {
		defer os.RemoveAll(bin)
		var out []byte
		command := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "github.com/aegis-agents/aegis/controller/cmd/aegis",
			"github.com/aegis-agents/aegis/agents/coordinator", "github.com/aegis-agents/aegis/agents/research",
			"github.com/aegis-agents/aegis/agents/analyst", "github.com/aegis-agents/aegis/agents/execution")
		if out, err = command.CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// place is a data directory with commands on it.
type place struct {
	t      *testing.T
	dir    string
	script string // of the stub
}

func newPlace(t *testing.T, script string) *place {
	t.Helper()
	return &place{t: t, dir: filepath.Join(t.TempDir(), "data"), script: script}
}

// output is a buffer that a program writes to while a test reads.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (p *place) command(ctx context.Context, out *output, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(bin, "aegis"), append(args, "--data-dir", p.dir)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.t.TempDir(), "MODEL_STUB_SCRIPT=" + p.script}
	c.Stdout, c.Stderr = out, out
	return c
}

// aegis runs a command to its end.
func (p *place) aegis(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	var out output
	err := p.command(ctx, &out, args...).Run()
	return out.String(), err
}

// must runs a command that succeeds.
func (p *place) must(args ...string) string {
	p.t.Helper()
	out, err := p.aegis(args...)
	if err != nil {
		p.t.Fatalf("aegis %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// server is a program that runs on until it is killed.
type server struct {
	command *exec.Cmd
	out     *output
	ended   chan error
}

// begin starts a command and waits until it has printed a text, or has ended.
func (p *place) begin(text string, args ...string) *server {
	p.t.Helper()
	s := &server{out: &output{}, ended: make(chan error, 1)}
	s.command = p.command(context.Background(), s.out, args...)
	if err := s.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { s.ended <- s.command.Wait() }()
	p.t.Cleanup(func() { s.kill(p.t) })
	for range 1000 {
		if strings.Contains(s.out.String(), text) {
			return s
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			if strings.Contains(s.out.String(), text) {
				return s
			}
			p.t.Fatalf("it has ended: %v\n%s", err, s.out)
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.t.Fatalf("no %q in\n%s", text, s.out)
	return nil
}

func (s *server) signal(t *testing.T, signal syscall.Signal) error {
	t.Helper()
	if err := s.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-time.After(45 * time.Second):
		t.Fatalf("it does not end:\n%s", s.out)
		return nil
	}
}

func (s *server) kill(t *testing.T) { _ = s.signal(t, syscall.SIGKILL) }

// agents returns the ids of the processes that a server has started.
func (s *server) agents() (ids []int) {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil // not Linux: none can be found
	}
	for _, entry := range processes {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(s.command.Process.Pid) && fields[0] != "Z" {
			ids = append(ids, id)
		}
	}
	return ids
}
