package process

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Runner = (*Runner)(nil)

// Options is what a Runner needs.
type Options struct {
	// Programs are the agents' programs by the agents' names. Required.
	Programs map[string]string
	// Environment is all that a program gets besides its task. Default: nothing.
	Environment []string
	// Logs is the folder of the programs' output. Required.
	Logs string
	// Objects holds tasks that are too long for a variable. Required.
	Objects port.Blob
	// Most is how many run at once; Run waits for its turn. Default: 8.
	Most int
	// Grace is how long a program has after Stop. Default: 30 seconds, as on ECS.
	Grace time.Duration
}

// Runner is a port.Runner.
type Runner struct {
	options Options
	life    string // tells this Runner's runs from an earlier one's
	turns   chan struct{}
	starts  chan start

	mu     sync.Mutex
	runs   map[string]*run // by name
	names  map[task.ID]string
	closed bool
	left   sync.WaitGroup // processes
	done   chan struct{}
}

type run struct {
	id      task.ID
	process *os.Process
	status  port.RunStatus
	ended   chan struct{}
}

// start is a program to be started by the one thread that does.
type start struct {
	command *exec.Cmd
	result  chan error
}

// New returns a Runner, which must be closed.
func New(o Options) *Runner {
	if o.Most == 0 {
		o.Most = 8
	}
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	r := &Runner{
		options: o, life: rand.Text()[:8], turns: make(chan struct{}, o.Most), starts: make(chan start),
		runs: map[string]*run{}, names: map[task.ID]string{}, done: make(chan struct{}),
	}
	go r.startAll()
	return r
}

// startAll starts all programs from one thread, which lives as long as the Runner:
// children are told to stop when their thread ends, not their process.
func (r *Runner) startAll() {
	runtime.LockOSThread()
	for {
		select {
		case s := <-r.starts:
			s.result <- s.command.Start()
		case <-r.done:
			return
		}
	}
}

// Run is port.Runner's.
func (r *Runner) Run(ctx context.Context, t task.Task) (string, error) {
	if name, found := r.known(t.ID); found {
		return name, nil
	}
	select {
	case r.turns <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-r.done:
		return "", errClosed
	}
	name, err := r.run(ctx, t)
	if err != nil {
		<-r.turns
	}
	return name, err
}

var (
	errClosed = errors.New("the runner is closed")
	errTwice  = errors.New("started twice at once")
)

func (r *Runner) known(id task.ID) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, found := r.names[id]
	return name, found && name != ""
}

func (r *Runner) run(ctx context.Context, t task.Task) (name string, err error) {
	// Reserved, so that a second Run at the same time starts nothing. It is told to come again.
	r.mu.Lock()
	_, taken := r.names[t.ID]
	if !taken {
		r.names[t.ID] = ""
	}
	r.mu.Unlock()
	if taken {
		return "", errTwice
	}
	defer func() {
		if err != nil {
			r.mu.Lock()
			delete(r.names, t.ID)
			r.mu.Unlock()
		}
	}()
	command, output, err := r.command(ctx, t)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, output.Close()) }()
	s := start{command: command, result: make(chan error, 1)}
	select {
	case r.starts <- s:
	case <-r.done:
		return "", errClosed
	}
	if err := <-s.result; err != nil {
		return "", fmt.Errorf("agent %s: %w", t.Agent, err)
	}
	return r.register(t.ID, command)
}

func (r *Runner) register(id task.ID, command *exec.Cmd) (string, error) {
	name := "process-" + r.life + "-" + strconv.Itoa(command.Process.Pid)
	started := &run{id: id, process: command.Process, ended: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[name], r.names[id] = started, name
	r.left.Go(func() {
		reason := "exit status 0"
		if err := command.Wait(); err != nil {
			reason = err.Error()
		}
		r.mu.Lock()
		started.status = port.RunStatus{Stopped: true, Reason: reason}
		r.mu.Unlock()
		close(started.ended)
		<-r.turns
	})
	if r.closed {
		return name, errors.Join(errClosed, signal(started.process, syscall.SIGTERM))
	}
	return name, nil
}

// command returns the agent's program with its task, and its log.
func (r *Runner) command(ctx context.Context, t task.Task) (*exec.Cmd, *os.File, error) {
	program, found := r.options.Programs[t.Agent]
	if !found {
		return nil, nil, fmt.Errorf("%w: no program of agent %s", port.ErrPermanent, t.Agent)
	}
	message, err := t.Encode()
	if err != nil {
		return nil, nil, errors.Join(port.ErrPermanent, err)
	}
	variable := port.TaskVariable + "=" + string(message)
	if len(message) > port.MaxTaskVariable {
		body, object, err := task.NewBody(message, 1)
		if err != nil {
			return nil, nil, errors.Join(port.ErrPermanent, err)
		}
		ref, err := json.Marshal(body.Ref)
		if err != nil {
			return nil, nil, err
		}
		if err := r.options.Objects.Put(ctx, port.ObjectPrefix+body.Ref.Key(), "application/json", object); err != nil {
			return nil, nil, err
		}
		variable = port.TaskRefVariable + "=" + string(ref)
	}
	folder := filepath.Join(r.options.Logs, t.Workflow)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%d-%d.log", t.Step, t.Index, t.Attempt))
	output, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	// An agent outlives the request to start it.
	command := exec.CommandContext(context.WithoutCancel(ctx), program)
	command.Env = append(append([]string{}, r.options.Environment...), variable)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = attributes()
	return command, output, nil
}

// Describe is port.Runner's.
func (r *Runner) Describe(ctx context.Context, runs []string) (map[string]port.RunStatus, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	statuses := map[string]port.RunStatus{}
	for _, name := range runs {
		if known, found := r.runs[name]; found {
			statuses[name] = known.status
		} else {
			statuses[name] = port.RunStatus{Stopped: true, Reason: "its runner has ended"}
		}
	}
	return statuses, nil
}

// Stop is port.Runner's.
func (r *Runner) Stop(ctx context.Context, name, _ string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	stopping, found := r.runs[name]
	stopped := found && stopping.status.Stopped
	r.mu.Unlock()
	if !found || stopped {
		return nil
	}
	if err := signal(stopping.process, syscall.SIGTERM); err != nil {
		return err
	}
	time.AfterFunc(r.options.Grace, func() {
		select {
		case <-stopping.ended:
		default:
			// It may end right now, and then there is nothing left to signal.
			_ = signal(stopping.process, syscall.SIGKILL)
		}
	})
	return nil
}

// Processes returns the ids of the processes that run.
func (r *Runner) Processes() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []int
	for _, known := range r.runs {
		if !known.status.Stopped {
			ids = append(ids, known.process.Pid)
		}
	}
	return ids
}

// Close stops all programs and waits for them, no longer than the grace.
func (r *Runner) Close() error {
	r.mu.Lock()
	already := r.closed
	r.closed = true
	var errs []error
	for _, known := range r.runs {
		if !known.status.Stopped {
			errs = append(errs, signal(known.process, syscall.SIGTERM))
		}
	}
	r.mu.Unlock()
	if already {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		r.left.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(r.options.Grace):
		r.mu.Lock()
		for _, known := range r.runs {
			if !known.status.Stopped {
				errs = append(errs, signal(known.process, syscall.SIGKILL))
			}
		}
		r.mu.Unlock()
		<-ended
	}
	close(r.done)
	return errors.Join(errs...)
}

// signal signals a process and its children. One that has ended is no error.
func signal(p *os.Process, s syscall.Signal) error {
	err := syscall.Kill(-p.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
