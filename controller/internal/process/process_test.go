package process_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/internal/process"
	"github.com/aegis-agents/aegis/controller/task"
)

// newRunner runs scripts as agents.
func newRunner(t *testing.T, o process.Options, scripts map[string]string) *process.Runner {
	t.Helper()
	folder := t.TempDir()
	o.Programs = map[string]string{}
	for name, script := range scripts {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		o.Programs[name] = path
	}
	o.Programs["missing"] = filepath.Join(folder, "missing")
	if o.Logs == "" {
		o.Logs = folder
	}
	if o.Objects == nil {
		o.Objects = memory.NewBlob()
	}
	r := process.New(o)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func newTask(agent string, index int, input string) task.Task {
	s := task.Spec{Workflow: "w", Step: "work", Index: index, Agent: agent, Timeout: 60, InlineLimit: 100, Input: map[string]task.Body{
		"a": {Inline: []byte(`"` + input + `"`)},
	}}
	ring, err := task.NewKeyring("k", map[string][]byte{"k": bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		panic(err)
	}
	deadline := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return task.Order{Spec: s, Token: "t"}.Task(deadline, ring.Sign(s.ID(), deadline))
}

func stopped(t *testing.T, r *process.Runner, name string) port.RunStatus {
	t.Helper()
	for range 500 {
		all, err := r.Describe(t.Context(), []string{name})
		if err != nil {
			t.Fatal(err)
		}
		if all[name].Stopped {
			return all[name]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it runs on")
	return port.RunStatus{}
}

func TestPort(t *testing.T) {
	t.Parallel()
	porttest.Runner(t, func(index int) task.Task { return newTask("sleep", index, "x") }, func(t *testing.T) port.Runner {
		t.Helper()
		return newRunner(t, process.Options{}, map[string]string{"sleep": "sleep 60"})
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	logs := t.TempDir()
	objects := memory.NewBlob()
	r := newRunner(t, process.Options{Logs: logs, Objects: objects, Environment: []string{"GIVEN=yes"}}, map[string]string{
		"echo": `echo "$GIVEN:$HOME:$AEGIS_TASK:$AEGIS_TASK_REF"; exit 3`,
	})
	short := newTask("echo", 0, "x")
	name, err := r.Run(t.Context(), short)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Run(t.Context(), short); err != nil || again != name {
		t.Errorf("again: %s, %v", again, err)
	}
	if s := stopped(t, r, name); s.Reason != "exit status 3" {
		t.Error(s)
	}
	message, err := short.Encode()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(logs, "w", "work-0-0.log"))
	if err != nil || string(log) != "yes::"+string(message)+":\n" {
		t.Errorf("%s, %v", log, err)
	}
	long, err := r.Run(t.Context(), newTask("echo", 1, strings.Repeat("x", 7000)))
	if err != nil {
		t.Fatal(err)
	}
	stopped(t, r, long)
	log, err = os.ReadFile(filepath.Join(logs, "w", "work-1-0.log"))
	if err != nil || !strings.HasPrefix(string(log), `yes:::{"sha256":"`) || len(objects.Keys()) != 1 {
		t.Errorf("%s, %v, %v", log, objects.Keys(), err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRunner(t, process.Options{}, nil)
	if _, err := r.Run(t.Context(), newTask("unknown", 0, "x")); !errors.Is(err, port.ErrPermanent) {
		t.Error(err)
	}
	if _, err := r.Run(t.Context(), newTask("missing", 0, "x")); err == nil {
		t.Error("a program that is not there was started")
	}
	all, err := r.Describe(t.Context(), []string{"process-earlier-1"})
	if err != nil || !all["process-earlier-1"].Stopped {
		t.Error(all, err)
	}
	if err := r.Stop(t.Context(), "process-earlier-1", "why"); err != nil {
		t.Error(err)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	r := newRunner(t, process.Options{Grace: 300 * time.Millisecond}, map[string]string{
		"polite": `trap 'exit 0' TERM; while :; do sleep 0.05; done`,
		"deaf":   `trap '' TERM; while :; do sleep 0.05; done`,
	})
	for i, agent := range []string{"polite", "deaf"} {
		name, err := r.Run(t.Context(), newTask(agent, i, agent))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // for its trap
		if err := r.Stop(t.Context(), name, "why"); err != nil {
			t.Error(err)
		}
		want := map[string]string{"polite": "exit status 0", "deaf": "signal: killed"}[agent]
		if s := stopped(t, r, name); s.Reason != want {
			t.Errorf("%s: %+v", agent, s)
		}
		if agent == "polite" {
			if err := r.Stop(t.Context(), name, "again"); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestMost(t *testing.T) {
	t.Parallel()
	r := newRunner(t, process.Options{Most: 1}, map[string]string{"sleep": "sleep 0.3"})
	first, err := r.Run(t.Context(), newTask("sleep", 0, "x"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Run(ctx, newTask("sleep", 1, "x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it did not wait: %v", err)
	}
	second, err := r.Run(t.Context(), newTask("sleep", 2, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := r.Describe(t.Context(), []string{first}); err != nil || !all[first].Stopped {
		t.Error("two ran at once")
	}
	stopped(t, r, second)
}
