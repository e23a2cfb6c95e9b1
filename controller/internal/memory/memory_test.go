package memory_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestTable(t *testing.T) {
	t.Parallel()
	porttest.Table(t, func(*testing.T) port.Table { return memory.NewTable() })
}

func TestBlob(t *testing.T) {
	t.Parallel()
	porttest.Blob(t, func(*testing.T) port.Blob { return memory.NewBlob() })
}

func TestQueue(t *testing.T) {
	t.Parallel()
	const visibility = 50 * time.Millisecond
	porttest.Queue(t, visibility, func(*testing.T) port.Queue {
		return memory.NewQueue(memory.QueueOptions{Visibility: visibility})
	})
}

func TestEngine(t *testing.T) {
	t.Parallel()
	flow := porttest.Flow{Name: "f", Input: [2][]byte{[]byte("1"), []byte("2")}}
	porttest.Engine(t, flow, func(*testing.T) port.Engine { return memory.NewEngine(port.SystemClock{}) })
}

func TestRunner(t *testing.T) {
	t.Parallel()
	newTask := func(index int) task.Task { return task.Task{ID: task.NewID("w", "s", index, 0)} }
	porttest.Runner(t, newTask, func(*testing.T) port.Runner { return memory.NewRunner(nil) })
}

func bodies(t *testing.T, q *memory.Queue) []string {
	t.Helper()
	messages, err := q.Receive(t.Context(), 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range messages {
		got = append(got, string(m.Body))
	}
	return got
}

func TestQueueCopiesAndReorders(t *testing.T) {
	t.Parallel()
	q := memory.NewQueue(memory.QueueOptions{
		Copies: func(body []byte) int { return len(body) },
		Pick:   func(n int) int { return n - 1 },
	})
	for _, body := range []string{"a", "bb", "c"} {
		if err := q.Send(t.Context(), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if got := bodies(t, q); !slices.Equal(got, []string{"c", "bb", "bb", "a"}) {
		t.Errorf("delivered %v", got)
	}
}

func TestQueueGivesUpToDeadLetters(t *testing.T) {
	t.Parallel()
	c := memory.NewClock(time.Unix(1e9, 0))
	dead := memory.NewQueue(memory.QueueOptions{Clock: c})
	q := memory.NewQueue(memory.QueueOptions{Clock: c, MaxReceives: 2, DeadLetters: dead, Visibility: time.Minute})
	if err := q.Send(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	for receive, want := range []int{1, 1, 0} {
		if got := bodies(t, q); len(got) != want {
			t.Errorf("receive %d: %v", receive, got)
		}
		if got := bodies(t, q); len(got) != 0 {
			t.Errorf("receive %d: not hidden: %v", receive, got)
		}
		c.Pass(time.Minute)
	}
	if got := bodies(t, dead); len(got) != 1 || q.Len() != 0 {
		t.Errorf("dead letters: %v, left: %d", got, q.Len())
	}
}

func TestEngineTakesOneAnswer(t *testing.T) {
	t.Parallel()
	e := memory.NewEngine(port.SystemClock{})
	e.Wait("one")
	e.Wait("two")
	if err := e.Heartbeat(t.Context(), "one"); err != nil || e.Heartbeats("one") != 1 {
		t.Errorf("Heartbeat: %v", err)
	}
	if err := e.Succeed(t.Context(), "one", []byte("1")); err != nil {
		t.Errorf("Succeed: %v", err)
	}
	if err := e.Fail(t.Context(), "one", "E", "c"); !errors.Is(err, port.ErrClosed) {
		t.Errorf("Fail after Succeed: %v", err)
	}
	e.GiveUp("two")
	if err := e.Succeed(t.Context(), "two", []byte("1")); !errors.Is(err, port.ErrClosed) {
		t.Errorf("Succeed after the timeout: %v", err)
	}
	if got := e.Answers(); len(got) != 1 || string(got[0].Output) != "1" {
		t.Errorf("answers: %+v", got)
	}
	down := errors.New("down")
	e.FailWith(func(string) error { return down })
	if err := e.Start(t.Context(), "f", "w", nil); !errors.Is(err, down) || e.Input("f", "w") != nil {
		t.Errorf("Start: %v", err)
	}
}
