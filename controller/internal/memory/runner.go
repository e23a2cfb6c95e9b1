package memory

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Runner = (*Runner)(nil)

const runPrefix = "run-"

// Runner is a port.Runner that runs nothing: a test reads which tasks it was
// given and says when their runs stop.
type Runner struct {
	mu      sync.Mutex
	tasks   []task.Task
	runs    map[string]port.RunStatus
	failing func(operation string) error
	started func(run string, t task.Task)
}

// NewRunner returns a Runner without runs. started is called for every run that is
// new, in the caller's goroutine; it may be nil.
func NewRunner(started func(run string, t task.Task)) *Runner {
	if started == nil {
		started = func(string, task.Task) {}
	}
	return &Runner{runs: map[string]port.RunStatus{}, started: started}
}

// FailWith makes every operation, by its method's name, return what f returns,
// before it does anything. nil goes on.
func (r *Runner) FailWith(f func(operation string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = f
}

// Tasks returns the tasks that were started, in order.
func (r *Runner) Tasks() []task.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tasks)
}

// Exit ends a run.
func (r *Runner) Exit(run, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if status, found := r.runs[run]; found && !status.Stopped {
		r.runs[run] = port.RunStatus{Stopped: true, Reason: reason}
	}
}

// Run is port.Runner's.
func (r *Runner) Run(ctx context.Context, t task.Task) (string, error) {
	if err := r.before(ctx, "Run"); err != nil {
		return "", err
	}
	run := runPrefix + string(t.ID)
	r.mu.Lock()
	_, found := r.runs[run]
	if !found {
		r.runs[run] = port.RunStatus{}
		r.tasks = append(r.tasks, t)
	}
	r.mu.Unlock()
	if !found {
		r.started(run, t)
	}
	return run, nil
}

// Describe is port.Runner's.
func (r *Runner) Describe(ctx context.Context, runs []string) (map[string]port.RunStatus, error) {
	if err := r.before(ctx, "Describe"); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	statuses := map[string]port.RunStatus{}
	for _, run := range runs {
		status, found := r.runs[run]
		if !found {
			status = port.RunStatus{Stopped: true, Reason: "no such run: " + strings.TrimPrefix(run, runPrefix)}
		}
		statuses[run] = status
	}
	return statuses, nil
}

// Stop is port.Runner's.
func (r *Runner) Stop(ctx context.Context, run, reason string) error {
	if err := r.before(ctx, "Stop"); err != nil {
		return err
	}
	r.Exit(run, reason)
	return nil
}

func (r *Runner) before(ctx context.Context, operation string) error {
	r.mu.Lock()
	failing := r.failing
	r.mu.Unlock()
	if failing != nil {
		if err := failing(operation); err != nil {
			return err
		}
	}
	return ctx.Err()
}
