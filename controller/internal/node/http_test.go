package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/node"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// rig is a node that serves, with a runner that runs nothing.
type rig struct {
	node   *node.Node
	runner *memory.Runner
	url    string
	begun  chan task.Task
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{begun: make(chan task.Task, 100)}
	r.runner = memory.NewRunner(func(_ string, begun task.Task) { r.begun <- begun })
	var err error
	r.node, err = node.New(t.Context(), node.Options{
		Path: filepath.Join(t.TempDir(), "engine.db"), Table: memory.NewTable(), Runner: r.runner, Keys: ring(t, 'k'),
		CheckEvery: 50 * time.Millisecond, Silence: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.node.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		r.node.Run(ctx)
		close(ran)
	}()
	server := httptest.NewServer(r.node.Serve(api.NewHandler("test", slog.New(slog.DiscardHandler), r.node.Control.Actions()...), "secret"))
	r.url = server.URL
	t.Cleanup(func() {
		server.Close()
		stop()
		<-ran
		if err := r.node.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func ring(t *testing.T, key byte) *task.Keyring {
	t.Helper()
	k, err := task.NewKeyring("k1", map[string][]byte{"k1": bytes.Repeat([]byte{key}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (r *rig) post(t *testing.T, path, token string, body []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode
}

func (r *rig) next(t *testing.T) task.Task {
	t.Helper()
	select {
	case begun := <-r.begun:
		return begun
	case <-time.After(20 * time.Second):
		t.Fatal("no task is started")
		return task.Task{}
	}
}

func answer(t *testing.T, of task.Task, mac task.MAC, value string) []byte {
	t.Helper()
	message, err := task.Result{TaskID: of.ID, MAC: mac, Output: task.Body{Inline: []byte(value)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestCallback(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, _, err := r.node.Control.Start(t.Context(), control.StartRequest{ID: "w", Input: []byte(`{"topic":"t","approval":false}`)}); err != nil {
		t.Fatal(err)
	}
	plan := r.next(t)
	good := answer(t, plan, plan.MAC, `{"questions":["a"]}`)
	before, err := r.node.Store.Task(t.Context(), plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		body []byte
		want int
	}{
		"5 MB":            {bytes.Repeat([]byte("x"), 5<<20), 400},
		"invalid JSON":    {[]byte("{"), 400},
		"an order":        {[]byte(strings.Replace(string(good), "result", "order", 1)), 400},
		"a forged MAC":    {answer(t, plan, ring(t, 'x').Sign(plan.ID, hour), `{}`), 403},
		"another's MAC":   {answer(t, plan, ring(t, 'k').Sign(task.NewID("v", "plan", 0, 0), hour), `{}`), 403},
		"an expired MAC":  {answer(t, plan, ring(t, 'k').Sign(plan.ID, time.Now().Add(-time.Hour)), `{}`), 403},
		"an unknown task": {answer(t, task.Task{ID: task.NewID("v", "s", 0, 0)}, ring(t, 'k').Sign(task.NewID("v", "s", 0, 0), hour), `{}`), 410},
	} {
		if got := r.post(t, node.CallbackPath, "", test.body); got != test.want {
			t.Errorf("%s: %d", name, got)
		}
	}
	after, err := r.node.Store.Task(t.Context(), plan.ID)
	if err != nil || after.Status != store.TaskOpen || after.Heard != before.Heard || after.Answer != nil {
		t.Errorf("something was written: %+v, %v", after, err)
	}
	for range 2 {
		if got := r.post(t, node.CallbackPath, "", good); got != http.StatusNoContent {
			t.Errorf("the answer: %d", got)
		}
	}
	if got := r.post(t, node.CallbackPath, "", answer(t, plan, plan.MAC, `{"questions":[]}`)); got != http.StatusGone {
		t.Errorf("another answer: %d", got)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := []byte(`{"action":"list"}`)
	for token, want := range map[string]int{"": 401, "other": 401, "secret": 200} {
		if got := r.post(t, node.APIPath, token, list); got != want {
			t.Errorf("the token %q: %d", token, got)
		}
	}
	if got := r.post(t, node.APIPath, "secret", bytes.Repeat([]byte("x"), 5<<20)); got != http.StatusBadRequest {
		t.Errorf("5 MB: %d", got)
	}
}

// A run that ends without an answer is found by the checker, and tried again.
func TestStoppedRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, _, err := r.node.Control.Start(t.Context(), control.StartRequest{ID: "w", Input: []byte(`{"topic":"t"}`)}); err != nil {
		t.Fatal(err)
	}
	first := r.next(t)
	t0, err := r.node.Store.Task(t.Context(), first.ID)
	for err == nil && t0.Run == "" {
		t0, err = r.node.Store.Task(t.Context(), first.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.runner.Exit(t0.Run, "killed")
	if again := r.next(t); again.Attempt != 1 || again.Step != "plan" {
		t.Errorf("%+v", again)
	}
	if _, err := r.node.Control.Cancel(t.Context(), "w", "ada", ""); err != nil {
		t.Fatal(err)
	}
	v, err := r.node.Control.Get(t.Context(), "w")
	if err != nil || v.Workflow.Status != flow.Cancelled {
		t.Errorf("%+v, %v", v, err)
	}
	_, err = r.node.Control.Decide(t.Context(), "w", "approve", task.OutcomeApproved, "ada", "")
	if refused, ok := errors.AsType[*control.Error](err); !ok || refused.Status != http.StatusConflict {
		t.Error(fmt.Sprint("an approval after the cancel: ", err))
	}
}
