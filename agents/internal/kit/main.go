package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/fetch"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/agents/internal/serve"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

// killAfter ends a program that did not leave by itself. ECS kills it after 30 s.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
const killAfter = 28 * time.Second

// Main is the main function of an agent's program. It ends with 0 when the task
// was answered, or when nobody waits for it any more.
func Main(agent Agent) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("agent", agent.Name)
	if err := start(agent, log); err != nil {
		log.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
}

// start does the task that the environment holds, or serves until a signal comes.
func start(agent Agent, log *slog.Logger) error {
	set, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		name := (<-signals).String()
		cancel(failure.New(task.ErrorStopped, "the agent was told to stop: %s", name))
		time.AfterFunc(killAfter, func() {
			log.Error("did not stop in time", "seconds", killAfter.Seconds())
			os.Exit(1)
		})
	}()
	if !set.hasTask() {
		return listen(ctx, agent, ":"+strconv.Itoa(set.port), log)
	}
	go func() {
		// Somebody may look at an agent at work. That nobody can is no reason to stop.
		if err := listen(ctx, agent, net.JoinHostPort("127.0.0.1", strconv.Itoa(set.port)), log); err != nil {
			log.Warn("not serving", "error", err.Error())
		}
	}()
	return work(ctx, agent, set, log)
}

// listen serves /ping and the agent card.
func listen(ctx context.Context, agent Agent, address string, log *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%s: must be a free port: %w", varPort, err)
	}
	log.Info("listening", "address", listener.Addr().String())
	return serve.Serve(ctx, listener, serve.About{Name: agent.Name, Description: agent.Description, Skills: agent.Skills})
}

// work does the task.
func work(ctx context.Context, agent Agent, set settings, log *slog.Logger) error {
	var cloud aws.Config
	if set.bucket != "" || set.callbackQueue != "" || set.model != "" {
		var err error
		if cloud, err = config.LoadDefaultConfig(ctx); err != nil {
			return fmt.Errorf("the configuration of AWS: %w", err)
		}
		if cloud.Region == "" {
			return errors.New("AWS_REGION: must be set, got nothing")
		}
	}
	w := worker{agent: agent, settings: set, log: log, backoff: time.Second}
	if w.objects = transport.Objects(transport.NewFolder(set.dir)); set.bucket != "" {
		w.objects = transport.NewBucket(cloud, set.bucket)
	}
	if w.sender = transport.Sender(transport.NewCallback(set.callbackURL)); set.callbackQueue != "" {
		w.sender = transport.NewQueue(cloud, set.callbackQueue)
	}
	t, err := loadTask(ctx, w.objects, set)
	if err != nil {
		return err // there is no MAC to answer with
	}
	w.task = t
	w.log = log.With("workflow", t.Workflow, "step", t.Step, "index", t.Index, "attempt", t.Attempt)
	w.fetch = fetch.New(set.fetchAllow...)
	if set.model != "" {
		w.model = model.NewBedrock(cloud, set.model)
	} else {
		w.model = model.NewStub(set.script.For(agent.Name, t.Attempt))
		w.backoff = 10 * time.Millisecond // nobody's quota recovers meanwhile
		w.log.Warn("the model is the stub: all answers are " + model.Mark)
	}
	return w.run(ctx)
}

// loadTask reads the task from the environment, or from the store.
func loadTask(ctx context.Context, objects transport.Objects, set settings) (task.Task, error) {
	message := []byte(set.task)
	if set.taskRef != "" {
		var ref task.Ref
		if err := json.Unmarshal([]byte(set.taskRef), &ref); err != nil {
			return task.Task{}, fmt.Errorf("%s: must be a reference: %w", varTaskRef, err)
		}
		if err := (task.Body{Ref: &ref}).Check(); err != nil {
			return task.Task{}, fmt.Errorf("%s: %w", varTaskRef, err)
		}
		var err error
		if message, err = objects.Get(ctx, transport.ObjectPrefix+ref.Key(), task.MaxMessage); err != nil {
			return task.Task{}, fmt.Errorf("%s: %w", varTaskRef, err)
		}
		if err := ref.Check(message); err != nil {
			return task.Task{}, fmt.Errorf("%s: %w", varTaskRef, err)
		}
	}
	t, err := task.DecodeTask(message)
	if err != nil {
		return task.Task{}, fmt.Errorf("the task: %w", err)
	}
	return t, nil
}

// safely turns a panic into a failure: the workflow waits for an answer.
func safely(log *slog.Logger, f func() (json.RawMessage, error)) (out json.RawMessage, err error) {
	defer func() {
		if got := recover(); got != nil {
			log.Error("panic", "value", fmt.Sprint(got), "stack", stack())
			err = failure.New(task.ErrorInternal, "panic: %v", got)
		}
	}()
	return f()
}

// wait waits, or returns why ctx has ended.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	}
}
