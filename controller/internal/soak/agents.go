package soak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Faults says how often what goes wrong, from 0 to 1.
type Faults struct {
	Duplicates float64 // orders queued twice, and answers sent twice
	Crashes    float64 // agents that end without an answer, in equal parts before their work and after it
	Lost       float64 // answers that never arrive
	Engine     float64 // calls of the engine that fail, in equal parts before they are made and after
}

// agents is a port.Runner whose agents are goroutines. An agent never fails its
// last attempt, so that whatever does not succeed is the control plane's fault.
type agents struct {
	faults Faults
	think  func() time.Duration // how long an agent works
	handle func(ctx context.Context, body []byte) (callback.Outcome, error)
	answer func(t task.Task) // told just before each answer
	begin  func(t task.Task) // told when an agent starts

	mu   sync.Mutex
	runs map[string]port.RunStatus
	work sync.WaitGroup

	started, crashed, lost, doubled, refused atomic.Int64
}

// lastAttempt is of the default workflow's retries.
const lastAttempt = 3

func (a *agents) Run(ctx context.Context, t task.Task) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	name := "run-" + string(t.ID)
	a.mu.Lock()
	_, found := a.runs[name]
	if !found {
		a.runs[name] = port.RunStatus{}
	}
	a.mu.Unlock()
	if found {
		return name, nil
	}
	a.started.Add(1)
	a.begin(t)
	a.work.Go(func() {
		a.agent(context.WithoutCancel(ctx), t)
		a.mu.Lock()
		a.runs[name] = port.RunStatus{Stopped: true, Reason: "it ended"}
		a.mu.Unlock()
	})
	return name, nil
}

// agent is the life of one agent.
func (a *agents) agent(ctx context.Context, t task.Task) {
	time.Sleep(a.think())
	dice := func(chance float64) bool { return t.Attempt < lastAttempt && random() < chance }
	if dice(a.faults.Crashes) {
		a.crashed.Add(1)
		return
	}
	body, err := result(t)
	if err != nil {
		panic(err) // the simulation itself is wrong
	}
	if dice(a.faults.Lost) {
		a.lost.Add(1)
		return
	}
	times := 1
	if random() < a.faults.Duplicates {
		times = 2
		a.doubled.Add(1)
	}
	a.answer(t)
	var sending sync.WaitGroup
	for range times {
		sending.Go(func() { a.send(ctx, body) })
	}
	sending.Wait()
}

// send sends an answer until it is taken, as the kit does.
func (a *agents) send(ctx context.Context, body []byte) {
	for range 5 {
		outcome, err := a.handle(ctx, body)
		if err == nil {
			if outcome.HTTPStatus() != http.StatusNoContent && outcome != callback.Gone {
				a.refused.Add(1)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	// The record may hold it: then the checker brings it. Otherwise the run has stopped.
}

func (a *agents) Describe(_ context.Context, runs []string) (map[string]port.RunStatus, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	statuses := map[string]port.RunStatus{}
	for _, name := range runs {
		status, found := a.runs[name]
		if !found {
			status.Stopped = true
		}
		statuses[name] = status
	}
	return statuses, nil
}

func (a *agents) Stop(context.Context, string, string) error { return nil }

// random is from 0 up to 1.
func random() float64 {
	return rand.Float64() //nolint:gosec // what goes wrong is nobody's secret
}

// result is the answer to a task: of the planner as many questions as were asked for.
func result(t task.Task) ([]byte, error) {
	value := any(map[string]any{"by": t.Step, "index": t.Index})
	if t.Step == "plan" {
		var n int
		if err := json.Unmarshal(t.Input["questions"].Inline, &n); err != nil {
			return nil, err
		}
		questions := make([]string, n)
		for i := range questions {
			questions[i] = fmt.Sprintf("question %d of %s", i, t.Workflow)
		}
		value = map[string]any{"questions": questions}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return task.Result{TaskID: t.ID, MAC: t.MAC, Output: task.Body{Inline: data}, Usage: task.Usage{}}.Encode()
}

// flaky is an engine that fails at times, before or after it has done its part:
// as a function that dies in between.
type flaky struct {
	port.Engine

	chance float64
	failed atomic.Int64
}

var errFlaky = errors.New("the connection was lost")

func (f *flaky) do(call func() error) error {
	switch dice := random(); {
	case dice < f.chance/2:
		f.failed.Add(1)
		return errFlaky
	case dice < f.chance:
		f.failed.Add(1)
		return errors.Join(errFlaky, call())
	}
	return call()
}

func (f *flaky) Start(ctx context.Context, flow, id string, input []byte) error {
	return f.do(func() error { return f.Engine.Start(ctx, flow, id, input) })
}

func (f *flaky) Succeed(ctx context.Context, token task.Token, output []byte) error {
	return f.do(func() error { return f.Engine.Succeed(ctx, token, output) })
}

func (f *flaky) Fail(ctx context.Context, token task.Token, name, cause string) error {
	return f.do(func() error { return f.Engine.Fail(ctx, token, name, cause) })
}
