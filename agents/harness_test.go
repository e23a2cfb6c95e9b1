package agents_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// programs is where TestMain has built the agents.
var programs string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// build builds the four programs once, and runs the tests with them.
func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "agents")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", dir+string(filepath.Separator),
		"./coordinator", "./research", "./analyst", "./execution").CombinedOutput()
	if err != nil {
		panic("go build: " + err.Error() + "\n" + string(out))
	}
	programs = dir
	return m.Run()
}

// world is what an agent has around it: a callback and a folder.
type world struct {
	t   *testing.T
	dir string
	url string
	mac task.MAC
	mu  sync.Mutex
	got map[task.Kind][][]byte
	say func(kind task.Kind, nth int) int // the status of a message
}

// says sets what the callback says to the nth message of a kind.
func (w *world) says(say func(kind task.Kind, nth int) int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.say = say
}

// newWorld starts a callback that takes everything.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), got: map[task.Kind][][]byte{}}
	w.say = func(task.Kind, int) int { return http.StatusNoContent }
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("callback: %v", err)
		}
		kind, err := task.KindOf(body)
		if err != nil {
			t.Errorf("callback: %v", err)
		}
		w.mu.Lock()
		w.got[kind] = append(w.got[kind], body)
		status := w.say(kind, len(w.got[kind]))
		w.mu.Unlock()
		rw.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL + "/callback"
	return w
}

// spec is a task of an agent, with its inputs inline.
func spec(agent string, input map[string]string) task.Spec {
	s := task.Spec{
		Workflow: "wf-1", Step: "step", Agent: agent, Input: map[string]task.Body{},
		Timeout: 60, Heartbeat: 3, InlineLimit: task.MaxInline,
	}
	for name, value := range input {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(value)); err != nil {
			panic(err)
		}
		s.Input[name] = task.Body{Inline: compact.Bytes()}
	}
	return s
}

// encode makes the message that the dispatcher gives an agent.
func (w *world) encode(s task.Spec) string {
	w.t.Helper()
	ring, err := task.NewKeyring("k1", map[string][]byte{"k1": bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		w.t.Fatal(err)
	}
	deadline := time.Now().Add(time.Duration(s.Timeout) * time.Second).UTC().Truncate(time.Second)
	w.mac = ring.Sign(s.ID(), deadline)
	message, err := task.Order{Spec: s, Token: "token"}.Task(deadline, w.mac).Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	return string(message)
}

// program is a started agent.
type program struct {
	*exec.Cmd

	t      *testing.T
	stderr *bytes.Buffer
}

// start starts an agent's program with the task and more variables.
func (w *world) start(s task.Spec, env ...string) *program {
	w.t.Helper()
	message := w.encode(s)
	return w.launch(s.Agent, append([]string{"AEGIS_TASK=" + message, "MODEL_STUB=allow"}, env...)...)
}

// launch starts a program with the callback, the folder and variables.
func (w *world) launch(agent string, env ...string) *program {
	w.t.Helper()
	p := &program{Cmd: exec.CommandContext(w.t.Context(), filepath.Join(programs, agent)), t: w.t, stderr: &bytes.Buffer{}}
	p.Env = append([]string{"CALLBACK_URL=" + w.url, "ARTIFACT_DIR=" + w.dir}, env...)
	p.Stderr = p.stderr
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// ended waits for the program's end and returns its exit code.
func (p *program) ended() int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if p.t.Context().Err() == nil && ctx.Err() == context.DeadlineExceeded {
			_ = p.Process.Kill()
		}
	})()
	if err := p.Wait(); err != nil && p.ProcessState == nil {
		p.t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// messages returns what came of a kind.
func (w *world) messages(kind task.Kind) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got[kind]
}

// result runs a task to its end and returns its result and output.
func (w *world) result(s task.Spec, env ...string) (task.Result, string) {
	w.t.Helper()
	p := w.start(s, env...)
	if code := p.ended(); code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", s.Agent, code, p.stderr)
	}
	got := w.messages(task.KindResult)
	if len(got) == 0 {
		w.t.Fatalf("%s: got no result\n%s", s.Agent, p.stderr)
	}
	result, err := task.DecodeResult(got[len(got)-1])
	if err != nil {
		w.t.Fatal(err)
	}
	if result.TaskID != s.ID() || result.MAC != w.mac {
		w.t.Errorf("result of task %s with MAC %v, want %s with %v", result.TaskID, result.MAC, s.ID(), w.mac)
	}
	if result.Output.Ref == nil {
		return result, string(result.Output.Inline)
	}
	data, err := os.ReadFile(filepath.Join(w.dir, "objects", result.Output.Ref.Key()))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := result.Output.Ref.Check(data); err != nil {
		w.t.Error(err)
	}
	return result, string(data)
}

// failure runs a task to its end and returns its failure.
func (w *world) failure(s task.Spec, env ...string) task.Failure {
	w.t.Helper()
	p := w.start(s, env...)
	if code := p.ended(); code != 0 {
		w.t.Fatalf("%s: exit code %d\n%s", s.Agent, code, p.stderr)
	}
	return w.lastFailure(p)
}

// lastFailure is the failure that came last.
func (w *world) lastFailure(p *program) task.Failure {
	w.t.Helper()
	got := w.messages(task.KindFailure)
	if len(got) == 0 {
		w.t.Fatalf("got no failure\n%s", p.stderr)
	}
	failed, err := task.DecodeFailure(got[len(got)-1])
	if err != nil {
		w.t.Fatal(err)
	}
	return failed
}

// decode reads an output.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}
