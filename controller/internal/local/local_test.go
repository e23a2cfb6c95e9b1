package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/local"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/task"
)

const name = "research-report"

// rig is an engine with agents that answer at once.
type rig struct {
	t      testing.TB
	path   string
	engine *local.Engine
	tasks  *memory.Queue
	ends   map[string]chan flow.State
	mu     sync.Mutex
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "aegis.db"), ends: map[string]chan flow.State{}}
	r.open()
	t.Cleanup(func() { r.close() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	r.tasks = memory.NewQueue(memory.QueueOptions{})
	var err error
	r.engine, err = local.Open(context.Background(), local.Options{Path: r.path, Tasks: r.tasks, Observe: r.observe})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.engine.Launch(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) close() {
	r.t.Helper()
	if err := r.engine.Close(); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) end(id string) chan flow.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ends[id] == nil {
		r.ends[id] = make(chan flow.State, 1)
	}
	return r.ends[id]
}

func (r *rig) observe(id string, _ flow.Event, s flow.State) {
	if s.Done() {
		select {
		case r.end(id) <- s:
		default:
		}
	}
}

func (r *rig) start(id string, questions int, approval bool) {
	r.t.Helper()
	input, err := flow.ResearchReport().PrepareInput(fmt.Appendf(nil, `{"topic":"t","questions":%d,"approval":%t}`, questions, approval))
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.engine.Start(context.Background(), name, id, input); err != nil {
		r.t.Fatal(err)
	}
}

// next receives one message of the task queue.
func (r *rig) next() []byte {
	r.t.Helper()
	messages, err := r.tasks.Receive(context.Background(), 1, 10*time.Second)
	if err != nil || len(messages) != 1 {
		r.t.Fatalf("no message: %v", err)
	}
	if err := r.tasks.Delete(context.Background(), messages[0]); err != nil {
		r.t.Fatal(err)
	}
	return messages[0].Body
}

func (r *rig) order() task.Order {
	r.t.Helper()
	o, err := task.DecodeOrder(r.next())
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

func output(o task.Order) []byte {
	value := `{"ok":true}`
	if o.Step == "plan" {
		var n int
		if json.Unmarshal(o.Input["questions"].Inline, &n) != nil {
			n = 1
		}
		questions := make([]string, n)
		for i := range questions {
			questions[i] = fmt.Sprint("why < ", i)
		}
		value = string(must(json.Marshal(map[string]any{"questions": questions})))
	}
	return must(json.Marshal(task.Body{Inline: json.RawMessage(value)}))
}

func (r *rig) succeed(o task.Order) {
	r.t.Helper()
	if err := r.engine.Succeed(context.Background(), o.Token, output(o)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) wait(id string) flow.State {
	r.t.Helper()
	select {
	case s := <-r.end(id):
		return s
	case <-time.After(20 * time.Second):
		r.t.Fatalf("%s does not end", id)
		return flow.State{}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
