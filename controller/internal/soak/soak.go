package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/node"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Config is a soak.
type Config struct {
	Workflows int
	AtOnce    int // how many run at once at most
	Questions int // of each, so that it has three tasks more
	Approvals int // every how many-th workflow asks for approval, by two people at once; 0 for none
	// RetryAfter is the longest wait before an attempt is repeated. Default: the workflow's own.
	RetryAfter flow.Seconds
	Faults     Faults
	Table      port.Table
	Folder     string // of the engine's file
	Logger     *slog.Logger
	// Answered and Begun are told of agents' work, for measurements. Default: nothing.
	Answered, Begun func(t task.Task)
	// Think is how long an agent works. Default: up to 10 ms.
	Think func() time.Duration
}

// Report is what became of the workflows.
type Report struct {
	Workflows, Tasks             int // tasks are attempts, each an agent
	Lost, Stuck, Failed          int // no record; no end; another end than success
	Doubled                      int // tasks of which the engine took another number of results than one
	Decisions, WrongDecisions    int // approvals; those without exactly one winner, or where the engine took another decision than is recorded
	Crashed, LostAnswers, Copies int
	EngineFailures               int
	Took                         time.Duration
}

func (r Report) String() string {
	rate := float64(r.Tasks) / r.Took.Seconds()
	return fmt.Sprintf(`workflows            %d
agent tasks          %d (%.0f a second)
took                 %s
crashed agents       %d
lost answers         %d
doubled answers      %d
failed engine calls  %d
approvals            %d, each asked of two people at once
lost                 %d
stuck                %d
failed               %d
duplicated effects   %d
wrong decisions      %d
`, r.Workflows, r.Tasks, rate, r.Took.Round(100*time.Millisecond), r.Crashed, r.LostAnswers, r.Copies,
		r.EngineFailures, r.Decisions, r.Lost, r.Stuck, r.Failed, r.Doubled, r.WrongDecisions)
}

// soak is one run.
type soak struct {
	Config

	node     *node.Node
	agents   *agents
	flaky    *flaky
	mu       sync.Mutex
	ends     map[string]chan struct{}
	accepted map[string]map[string]int // results that the engine took, by workflow and task
	by       map[string]string         // whose decision the engine took
	decided  atomic.Int64
	wrong    atomic.Int64
	deciders sync.WaitGroup
}

// Run runs a soak. It ends with ctx at the latest, and then says what is stuck.
func Run(ctx context.Context, c Config) (Report, error) {
	s := &soak{Config: c, ends: map[string]chan struct{}{}, accepted: map[string]map[string]int{}, by: map[string]string{}}
	if s.Think == nil {
		s.Think = func() time.Duration { return time.Duration(random() * float64(10*time.Millisecond)) }
	}
	nothing := func(task.Task) {}
	if s.Answered == nil {
		s.Answered = nothing
	}
	if s.Begun == nil {
		s.Begun = nothing
	}
	ring, err := task.NewKeyring("k", map[string][]byte{"k": bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		return Report{}, err
	}
	s.agents = &agents{faults: c.Faults, think: s.Think, answer: s.Answered, begin: s.Begun, runs: map[string]port.RunStatus{}}
	s.node, err = node.New(ctx, node.Options{
		Workflows: c.flows(),
		Path:      filepath.Join(c.Folder, "engine.db"), Table: c.Table, Runner: s.agents, Keys: ring, Logger: c.Logger,
		CheckEvery: 500 * time.Millisecond, Silence: 500 * time.Millisecond, Observe: s.observe,
		Copies: func([]byte) int {
			if random() < c.Faults.Duplicates {
				return 2
			}
			return 1
		},
		Wrap: func(e port.Engine) port.Engine {
			s.flaky = &flaky{Engine: e, chance: c.Faults.Engine}
			return s.flaky
		},
	})
	if err != nil {
		return Report{}, err
	}
	s.agents.handle = s.node.Callback.Handle
	running, halt := context.WithCancel(ctx)
	defer halt()
	if err := s.node.Launch(); err != nil {
		return Report{}, errors.Join(err, s.node.Close())
	}
	var background sync.WaitGroup
	background.Go(func() { s.node.Run(running) })
	begin := time.Now()
	s.startAll(ctx)
	report := Report{Workflows: c.Workflows, Took: time.Since(begin)}
	err = s.count(context.WithoutCancel(ctx), &report)
	halt()
	background.Wait()
	s.agents.work.Wait()
	s.deciders.Wait()
	return report, errors.Join(err, s.node.Close())
}

// flows is the default workflow, with its retries in time.
func (c Config) flows() []flow.Workflow {
	w := flow.ResearchReport()
	for i := range w.Steps {
		step := &w.Steps[i]
		switch {
		case c.RetryAfter == 0:
		case step.Agent != nil:
			step.Agent.Retry.Interval, step.Agent.Retry.BackoffRate = c.RetryAfter, 1
		case step.Map != nil:
			step.Map.Task.Retry.Interval, step.Map.Task.Retry.BackoffRate = c.RetryAfter, 1
		}
	}
	return []flow.Workflow{w}
}

func id(i int) string { return fmt.Sprintf("soak-%d", i) }

// startAll starts the workflows, AtOnce of them at a time, and waits for all ends.
func (s *soak) startAll(ctx context.Context) {
	turns := make(chan struct{}, s.AtOnce)
	var all sync.WaitGroup
	for i := range s.Workflows {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		all.Go(func() {
			defer func() { <-turns }()
			approval := s.Approvals > 0 && i%s.Approvals == 0
			input := fmt.Appendf(nil, `{"topic":"topic %d","questions":%d,"approval":%t}`, i, s.Questions, approval)
			end := s.end(id(i))
			for ctx.Err() == nil {
				if _, _, err := s.node.Control.Start(ctx, control.StartRequest{ID: id(i), Input: input}); err == nil {
					break
				}
			}
			select {
			case <-end:
				s.recorded(ctx, id(i))
			case <-ctx.Done():
			}
		})
	}
	all.Wait()
}

// recorded waits until the end is in the workflow's record. What it waits for in vain is
// counted as stuck.
func (s *soak) recorded(ctx context.Context, id string) {
	for ctx.Err() == nil {
		if v, err := s.node.Control.Get(ctx, id); err == nil && v.Workflow.Status != flow.Running {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *soak) end(id string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends[id] == nil {
		s.ends[id] = make(chan struct{})
	}
	return s.ends[id]
}

func (s *soak) observe(id string, e flow.Event, state flow.State) {
	s.mu.Lock()
	switch e.Kind {
	case flow.TaskSucceeded:
		if s.accepted[id] == nil {
			s.accepted[id] = map[string]int{}
		}
		s.accepted[id][fmt.Sprint(e.Step, e.Index)]++
	case flow.ApprovalDecided:
		s.by[id] = e.By
	}
	s.mu.Unlock()
	if state.Done() {
		close(s.end(id))
		return
	}
	if state.Step == "approve" && strings.HasPrefix(id, "soak-") {
		// Asked once for every event while it waits; deciding is idempotent.
		s.deciders.Go(func() { s.decide(id) })
	}
}

// decide has two people decide at once. Exactly one is told that it was them.
func (s *soak) decide(id string) {
	s.decided.Add(1)
	var won atomic.Int64
	var both sync.WaitGroup
	for _, by := range []string{"ada", "bob"} {
		both.Go(func() {
			for range 1000 {
				_, err := s.node.Control.Decide(context.Background(), id, "approve", task.OutcomeApproved, by, "")
				refused, ok := errors.AsType[*control.Error](err)
				switch {
				case err == nil:
					won.Add(1)
					return
				case ok && refused.Status != http.StatusNotFound:
					return
				}
				time.Sleep(5 * time.Millisecond) // not recorded yet, or the engine was flaky
			}
		})
	}
	both.Wait()
	if won.Load() != 1 {
		s.wrong.Add(1)
	}
}

// count reads what became of every workflow from the records.
func (s *soak) count(ctx context.Context, r *Report) error {
	for i := range s.Workflows {
		v, err := s.node.Control.Get(ctx, id(i))
		if refused, ok := errors.AsType[*control.Error](err); ok && refused.Status == http.StatusNotFound {
			r.Lost++
			continue
		}
		if err != nil {
			return err
		}
		r.Tasks += len(v.Tasks)
		switch v.Workflow.Status {
		case flow.Succeeded:
		case flow.Running:
			r.Stuck++
			continue
		default:
			r.Failed++
			continue
		}
		s.checkOne(v, r)
	}
	r.Decisions, r.WrongDecisions = int(s.decided.Load()), int(s.wrong.Load())
	r.Crashed, r.LostAnswers, r.Copies = int(s.agents.crashed.Load()), int(s.agents.lost.Load()), int(s.agents.doubled.Load())
	r.EngineFailures = int(s.flaky.failed.Load())
	if started := int(s.agents.started.Load()); started != r.Tasks {
		return fmt.Errorf("%d agents were started for %d tasks", started, r.Tasks)
	}
	if n := s.agents.refused.Load(); n != 0 {
		return fmt.Errorf("%d answers were refused", n)
	}
	return nil
}

// checkOne counts what the engine took of a workflow: one result of each task, and the
// decision that is recorded.
func (s *soak) checkOne(v control.View, r *Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := s.accepted[v.Workflow.ID]
	if len(results) != s.Questions+3 {
		r.Doubled++
	}
	for _, n := range results {
		if n != 1 {
			r.Doubled++
		}
	}
	for _, a := range v.Approvals {
		if a.Decision == nil || a.Decision.By != s.by[v.Workflow.ID] {
			r.WrongDecisions++
		}
	}
}
