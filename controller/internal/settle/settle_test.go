package settle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const token = "AQBsecret"

type parts struct {
	*settle.Settler

	engine  *memory.Engine
	log     *bytes.Buffer
	metrics *bytes.Buffer
}

func newParts(t *testing.T) parts {
	t.Helper()
	clock := port.SystemClock{}
	p := parts{engine: memory.NewEngine(clock), log: &bytes.Buffer{}, metrics: &bytes.Buffer{}}
	p.Settler = settle.New(settle.Config{
		Store: store.New(memory.NewTable(), clock, time.Hour), Engine: p.engine, Runner: memory.NewRunner(nil),
		Metrics: metrics.New(p.metrics, "Test", clock), Log: slog.New(slog.NewJSONHandler(p.log, nil)),
	})
	return p
}

func (p parts) order(t *testing.T) task.ID {
	t.Helper()
	o := task.Order{Spec: task.Spec{
		Workflow: "wf-1", Step: "plan", Agent: "coordinator", Input: map[string]task.Body{}, Timeout: 600, InlineLimit: 8192,
	}, Token: token}
	stored, _, err := p.Store.PutTask(t.Context(), o, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return stored.ID
}

// The engine gets a result as the state machine reads it: a body, with nothing escaped.
func TestAnswer(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	id := p.order(t)
	p.engine.Wait(token)
	body := task.Body{Inline: json.RawMessage(`"a < b & c"`)}
	stored, won, err := p.Answer(t.Context(), id, store.Answer{Output: &body, Usage: task.Usage{InputTokens: 7}})
	if err != nil || !won || stored.Status != store.TaskClosed || stored.Dropped {
		t.Errorf("got %+v %t %v", stored, won, err)
	}
	answers := p.engine.Answers()
	if len(answers) != 1 || string(answers[0].Output) != `{"inline":"a < b & c"}` {
		t.Errorf("got %s", answers)
	}
	if _, won, err := p.Answer(t.Context(), id, store.Answer{Error: "Agent.Refused"}); won || err != nil {
		t.Errorf("a second: got %t, %v", won, err)
	}
	if got := p.metrics.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"InputTokens":7`) {
		t.Errorf("metrics: want one line, got %s", got)
	}
	if got := p.log.String(); strings.Contains(got, token) || !strings.Contains(got, `"workflow":"wf-1","step":"plan","index":0,"attempt":0`) {
		t.Errorf("log: %s", got)
	}
}

// The same answer many times at once: one is the first, and all find it taken.
func TestAnswersAtOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		p := newParts(t)
		id := p.order(t)
		p.engine.Wait(token)
		body := task.Body{Inline: json.RawMessage(`1`)}
		var running sync.WaitGroup
		var first atomic.Int32
		for range 4 {
			running.Go(func() {
				stored, won, err := p.Answer(t.Context(), id, store.Answer{Output: &body})
				if err != nil || stored.Dropped || stored.Status != store.TaskClosed {
					t.Errorf("got %+v, %v", stored, err)
				}
				if won {
					first.Add(1)
				}
			})
		}
		running.Wait()
		if first.Load() != 1 || len(p.engine.Answers()) != 1 {
			t.Fatalf("want one first and one delivered, got %d and %d", first.Load(), len(p.engine.Answers()))
		}
	}
}

func TestAnswerThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	stored, won, err := p.Answer(t.Context(), p.order(t), store.Answer{Error: "Agent.Refused", Cause: "no"})
	if err != nil || !won || stored.Status != store.TaskClosed || !stored.Dropped {
		t.Errorf("got %+v %t %v", stored, won, err)
	}
	if !strings.Contains(p.metrics.String(), `"AnswersDropped":1`) {
		t.Errorf("metrics: %s", p.metrics)
	}
}

// A result that the engine will never take is a failure, and not tried for ever.
func TestResultThatTheEngineRefuses(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	id := p.order(t)
	p.engine.Wait(token)
	p.engine.FailWith(func(operation string) error {
		if operation == "Succeed" {
			return fmt.Errorf("%w: too long", port.ErrPermanent)
		}
		return nil
	})
	body := task.Body{Inline: json.RawMessage(`1`)}
	stored, _, err := p.Answer(t.Context(), id, store.Answer{Output: &body})
	if err != nil || stored.Status != store.TaskClosed {
		t.Errorf("got %+v %v", stored, err)
	}
	if answers := p.engine.Answers(); len(answers) != 1 || answers[0].Error != task.ErrorInternal {
		t.Errorf("got %+v", answers)
	}
}

func TestEndThatIsTooLongForTheRecord(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	long := json.RawMessage(`"` + strings.Repeat("x", 200<<10) + `"`)
	if _, _, err := p.Store.PutWorkflow(t.Context(), store.Workflow{ID: "wf-1", Flow: "f", Input: long}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w, err := p.End(t.Context(), "wf-1", port.ExecutionStatus{Status: string(flow.Succeeded), Output: long})
		if err != nil || w.Status != flow.Succeeded || len(w.Output) != 0 || w.Cause == "" {
			t.Errorf("got %s, %d bytes, %s, %v", w.Status, len(w.Output), w.Cause, err)
		}
	}
	if ended := strings.Count(p.log.String(), "workflow ended"); ended != 1 {
		t.Errorf("want one line, got %d", ended)
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	w, _, err := p.Store.PutWorkflow(t.Context(), store.Workflow{ID: "wf-1", Flow: "f", Input: json.RawMessage(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Reconcile(t.Context(), w); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("not started: got %v", err)
	}
	if err := p.engine.Start(t.Context(), "f", "wf-1", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Reconcile(t.Context(), w); err != nil || got.Status != flow.Running {
		t.Errorf("running: got %+v, %v", got, err)
	}
	p.engine.End("f", "wf-1", string(flow.TimedOut), nil, "States.Timeout", "late")
	if got, err := p.Reconcile(t.Context(), w); err != nil || got.Status != flow.TimedOut || got.Error != "States.Timeout" || got.Ended == nil {
		t.Errorf("ended: got %+v, %v", got, err)
	}
}
