package store_test

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

func result(text string) store.Answer {
	return store.Answer{Output: &task.Body{Inline: json.RawMessage(text)}, Usage: task.Usage{Model: "m", InputTokens: 1}}
}

func TestTaskLife(t *testing.T) {
	t.Parallel()
	s, _, c := newStore()
	o := order("w1", 3, "one")
	made, created, err := s.PutTask(t.Context(), o, start.Add(time.Hour))
	if err != nil || !created {
		t.Fatalf("PutTask: %t %v", created, err)
	}
	got, err := s.Task(t.Context(), o.ID())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, got); diff != "" {
		t.Errorf("what is read is not what was recorded (-want +got):\n%s", diff)
	}
	c.Pass(time.Second)
	if again, created, err := s.PutTask(t.Context(), o, start.Add(2*time.Hour)); err != nil || created || !again.Deadline.Equal(made.Deadline) {
		t.Errorf("the same order again: %+v %t %v", again, created, err)
	}
	o.Token = "two"
	if again, created, err := s.PutTask(t.Context(), o, start.Add(2*time.Hour)); err != nil || created || again.Token.Token != "two" || !again.Deadline.Equal(start.Add(2*time.Hour)) {
		t.Errorf("the order with another token: %+v %t %v", again, created, err)
	}
	if started, err := s.StartTask(t.Context(), o.ID(), "run-1"); err != nil || started.Run != "run-1" || started.Started == nil {
		t.Errorf("StartTask: %+v %v", started, err)
	}
	if heard, err := s.HearTask(t.Context(), o.ID()); err != nil || heard.Heard == nil {
		t.Errorf("HearTask: %+v %v", heard, err)
	}
	if _, won, err := s.AnswerTask(t.Context(), o.ID(), result(`1`)); err != nil || !won {
		t.Errorf("AnswerTask: %t %v", won, err)
	}
	stored, won, err := s.AnswerTask(t.Context(), o.ID(), result(`2`))
	if err != nil || won || string(stored.Answer.Output.Inline) != "1" {
		t.Errorf("a second answer: %+v %t %v", stored.Answer, won, err)
	}
	o.Token = "three"
	if late, _, err := s.PutTask(t.Context(), o, start); err != nil || late.Token.Token != "two" {
		t.Errorf("an order after the answer changes the token: %+v %v", late, err)
	}
	if closed, err := s.CloseTask(t.Context(), o.ID(), true); err != nil || closed.Status != store.TaskClosed || !closed.Dropped {
		t.Errorf("CloseTask: %+v %v", closed, err)
	}
	if closed, err := s.CloseTask(t.Context(), o.ID(), false); err != nil || !closed.Dropped {
		t.Errorf("CloseTask again: %+v %v", closed, err)
	}
}

func TestTaskThatIsNotThere(t *testing.T) {
	t.Parallel()
	s, _, _ := newStore()
	for name, id := range map[string]task.ID{"unknown": task.NewID("w", "s", 0, 0), "no id": "x"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := s.Task(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Task: %v", err)
			}
			if _, _, err := s.AnswerTask(t.Context(), id, result("1")); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("AnswerTask: %v", err)
			}
			if _, err := s.CloseTask(t.Context(), id, false); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("CloseTask: %v", err)
			}
		})
	}
	if _, _, err := s.PutTask(t.Context(), order("no/id", 0, "t"), start); !errors.Is(err, task.ErrInvalidField) {
		t.Errorf("an invalid order: %v", err)
	}
}

func TestTaskClosedWithoutAnswerTakesNone(t *testing.T) {
	t.Parallel()
	s, _, _ := newStore()
	o := order("w1", 0, "t")
	if _, _, err := s.PutTask(t.Context(), o, start); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CloseTask(t.Context(), o.ID(), true); err != nil {
		t.Fatal(err)
	}
	if stored, won, err := s.AnswerTask(t.Context(), o.ID(), result("1")); err != nil || won || stored.Answer != nil {
		t.Errorf("AnswerTask: %+v %t %v", stored.Answer, won, err)
	}
	// The run that was started while it was closed has to be found and stopped.
	if started, err := s.StartTask(t.Context(), o.ID(), "run-1"); err != nil || started.Run != "run-1" || started.Status != store.TaskClosed {
		t.Errorf("StartTask: %+v %v", started, err)
	}
}

func TestDueTasks(t *testing.T) {
	t.Parallel()
	s, _, c := newStore()
	var ids []task.ID
	for i := range 4 {
		o := order("w1", i, "t")
		ids = append(ids, o.ID())
		if _, _, err := s.PutTask(t.Context(), o, start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		c.Pass(time.Minute)
	}
	if _, _, err := s.AnswerTask(t.Context(), ids[1], result("1")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CloseTask(t.Context(), ids[2], true); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		status store.TaskStatus
		until  time.Time
		want   []task.ID
	}{
		"open":             {store.TaskOpen, start.Add(time.Hour), []task.ID{ids[0], ids[3]}},
		"open, to the dot": {store.TaskOpen, start.Add(3 * time.Minute), []task.ID{ids[0], ids[3]}},
		"open, before":     {store.TaskOpen, start.Add(3*time.Minute - 1), []task.ID{ids[0]}},
		"answered":         {store.TaskAnswered, start.Add(4 * time.Minute), []task.ID{ids[1]}},
		"answered, before": {store.TaskAnswered, start.Add(3 * time.Minute), nil},
		"closed":           {store.TaskClosed, start.Add(time.Hour), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, _, err := s.DueTasks(t.Context(), tc.status, tc.until, 10, "")
			if err != nil {
				t.Fatal(err)
			}
			var got []task.ID
			for _, r := range records {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	all, err := s.Tasks(t.Context(), "w1")
	if err != nil || len(all) != 4 || all[3].ID != ids[3] {
		t.Errorf("Tasks: %d, %v", len(all), err)
	}
}

// One of many answers wins, and all writers see the same one.
func TestAnswersRace(t *testing.T) {
	t.Parallel()
	s, _, _ := newStore()
	o := order("w1", 0, "t")
	if _, _, err := s.PutTask(t.Context(), o, start); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	answers := make([]string, 20)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			stored, mine, err := s.AnswerTask(t.Context(), o.ID(), result(string(rune('0'+i%10))))
			if err != nil {
				t.Error(err)
				return
			}
			if mine {
				won.Add(1)
			}
			answers[i] = string(stored.Answer.Output.Inline)
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d answers won", won.Load())
	}
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("answers differ: %q and %q", answers[0], a)
		}
	}
}
