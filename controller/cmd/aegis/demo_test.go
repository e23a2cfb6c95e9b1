package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// check finds the report that a demo has printed.
func (p *place) check(out string) {
	p.t.Helper()
	_, after, found := strings.Cut(out, "report  ")
	path, _, _ := strings.Cut(after, "\n")
	text, err := os.ReadFile(path)
	if !found || err != nil || !strings.Contains(string(text), "SIMULATED") {
		p.t.Errorf("no report: %v\n%s", err, out)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	out := p.must("demo", "--yes", "--questions", "2", "--topic", "a < b")
	p.check(out)
	for _, want := range []string{"everything it says is SIMULATED, as MODEL_ID is not set", "approve: approved by", "research 1 done", "  succeeded"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	id := strings.Fields(p.must("list", "--status", "succeeded"))[0]
	for command, want := range map[string]string{"get": "research 1", "history": "approval_decided approve approved by", "why": "it waits for nothing"} {
		if out := p.must(command, id); !strings.Contains(out, want) {
			t.Errorf("%s: no %q in\n%s", command, want, out)
		}
	}
	for _, refused := range [][]string{{"cancel", id}, {"get", "unknown"}, {"history", "unknown"}, {"reject", id}, {"get", "a.b"}} {
		if out, err := p.aegis(refused...); err == nil || !strings.HasPrefix(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:], "aegis: ") {
			t.Errorf("%v: %v, %s", refused, err, out)
		}
	}
	if info, err := os.Stat(p.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
}

// The same command, killed again and again at random moments, goes on to the report.
func TestDemoKilled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `{"delay_ms":150}`)
	for i := range 4 {
		s := p.begin("workflow ", "demo", "--yes", "--questions", "3")
		if want := "goes on"; i > 0 && !strings.Contains(s.out.String(), want) {
			t.Errorf("no %q in\n%s", want, s.out)
		}
		time.Sleep(time.Duration(120+60*i) * time.Millisecond)
		s.kill(t)
	}
	out := p.must("demo", "--yes", "--questions", "3")
	p.check(out)
	if got := p.must("list"); !strings.Contains(got, " succeeded ") {
		t.Errorf("list shows what has ended, too, got %q", got)
	}
	if got := p.must("list", "--status", "succeeded"); strings.Count(got, "\n") != 1 {
		t.Errorf("not one workflow:\n%s", got)
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	p := newPlace(t, `{"delay_ms":100}`)
	if out, err := p.aegis("list"); err == nil || !strings.Contains(out, "there is nothing yet") {
		t.Errorf("%v, %s", err, out)
	}
	if out := p.must("start", "--id", "w", "--questions", "1"); !strings.Contains(out, "no process runs") {
		t.Error(out)
	}
	s := p.begin("listening", "serve")
	out, err := p.aegis("demo", "--yes")
	if err == nil || !strings.Contains(out, "in use by process") || !strings.Contains(out, filepath.Join(p.dir, "lock")) {
		t.Errorf("%v, %s", err, out)
	}
	// Commands ask the process that runs.
	id := strings.TrimSpace(p.must("start", "--id", "w", "--questions", "1"))
	if again := strings.TrimSpace(p.must("start", "--id", "w", "--questions", "1")); id != "w" || again != "w" {
		t.Error(id, again)
	}
	waitFor(t, "the approval", func() bool { return strings.Contains(p.must("why", "w"), "approval approve") })
	if err := s.signal(t, syscall.SIGTERM); err != nil {
		t.Error(err, s.out)
	}
	// And without one, the data directory: what is decided is kept.
	if out := p.must("approve", "w", "--by", "ada"); !strings.Contains(out, "approved by ada") || !strings.Contains(out, "no process runs") {
		t.Error(out)
	}
	if out, err := p.aegis("reject", "w", "--by", "bob"); err == nil || !strings.Contains(out, "approved by ada") {
		t.Errorf("a second decision: %v, %s", err, out)
	}
	p.begin("listening", "serve")
	waitFor(t, "the end", func() bool { return strings.Contains(p.must("get", "w"), "succeeded") })
}

// Agents do not outlive the process that they would answer.
func TestOrphans(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells children that their parent was killed")
	}
	p := newPlace(t, `{"delay_ms":60000}`)
	p.must("start", "--id", "w")
	s := p.begin("listening", "serve")
	var agents []int
	waitFor(t, "an agent", func() bool { agents = s.agents(); return len(agents) == 1 })
	time.Sleep(200 * time.Millisecond) // until it listens to signals: before, one ends it just as well
	s.kill(t)
	// It checkpoints, tries for some seconds to say so, and leaves; after 28 s it is ended.
	waitFor(t, "the agent's end", func() bool { return errors.Is(syscall.Kill(agents[0], 0), syscall.ESRCH) || zombie(agents[0]) })
}

// Commands at the same time, with nobody to ask, take turns at the data directory,
// and start what they were told to once.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if out, err := p.aegis("start", "--id", "w", "--questions", "1"); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	all.Wait()
	if out := p.must("list"); strings.Count(out, "\n") != 1 {
		t.Error(out)
	}
}

// zombie is whether a process has ended and nobody has asked how.
func zombie(id int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	return err == nil && strings.HasPrefix(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " Z")
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 800 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not come", what)
}
