package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/fetch"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	// maxBeat is the longest between two heartbeats.
	maxBeat = 30 * time.Second
	// answerTime is kept of a task's time for storing and sending its answer; of a
	// short task it is a tenth.
	answerTime = 20 * time.Second
	// checkpointTime and partingTime are what storing a checkpoint and answering
	// may take once the agent has been told to stop: together less than killAfter.
	checkpointTime = 10 * time.Second
	partingTime    = 14 * time.Second
	maxBackoff     = 20 * time.Second
)

// worker does one task.
type worker struct {
	agent    Agent
	settings settings
	task     task.Task
	objects  transport.Objects
	sender   transport.Sender
	model    model.Model
	fetch    *fetch.Client
	log      *slog.Logger
	backoff  time.Duration // after the first call that is to be made again
}

// run does the task and answers. An error means that there was no answer.
func (w *worker) run(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reserve := min(answerTime, time.Duration(w.task.Timeout)*time.Second/10)
	working, done := context.WithDeadlineCause(ctx, w.task.Deadline.Add(-reserve),
		failure.New(task.ErrorBudgetExceeded, "the time of %d s is used up", w.task.Timeout))
	defer done()

	beats := make(chan struct{})
	go func() {
		defer close(beats)
		w.heartbeats(working, cancel)
	}()
	talk := &conversation{}
	output, err := safely(w.log, func() (json.RawMessage, error) { return w.output(working, talk) })
	var body task.Body
	if err == nil {
		body, err = w.store(working, output)
	}
	err = failure.OfContext(working, err)
	if err != nil && keepsWork(err) {
		w.checkpoint(ctx, talk)
	}
	done()
	<-beats // an answer is the last that is sent
	if errors.Is(context.Cause(ctx), transport.ErrGone) {
		w.log.Warn("stopped: " + context.Cause(ctx).Error())
		return nil
	}
	usage := task.Usage{
		Model: w.model.ID(), Simulated: w.model.Simulated(),
		InputTokens: talk.input, OutputTokens: talk.output,
	}
	if talk.calls == 0 {
		usage.Model, usage.Simulated = "", false
	}
	w.log.Info("done", "error", errorText(err), "seconds", time.Since(began).Seconds(),
		"input_tokens", usage.InputTokens, "output_tokens", usage.OutputTokens)
	return w.answer(ctx, body, usage, err)
}

// errorText is an error for the log, empty for none.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return failure.NameOf(err) + ": " + err.Error()
}

// output does the work.
func (w *worker) output(ctx context.Context, talk *conversation) (json.RawMessage, error) {
	if err := w.settings.work; err != nil {
		return nil, failure.New(task.ErrorInvalidInput, "the agent's settings: %w", err)
	}
	if w.task.Agent != w.agent.Name {
		return nil, failure.New(task.ErrorInvalidInput, "the task is for %s, this is %s", w.task.Agent, w.agent.Name)
	}
	in, err := loadInput(ctx, w.objects, w.task.Input)
	if err != nil {
		return nil, err
	}
	if err := checkInput(w.agent.Inputs, in); err != nil {
		return nil, err
	}
	run := &Run{Task: w.task, Input: in, Objects: w.objects, Fetch: w.fetch, Simulated: w.model.Simulated(), talk: talk}
	if w.agent.Done != nil {
		output, done, err := w.agent.Done(ctx, run)
		if err != nil || done {
			return output, err
		}
	}
	answer, err := w.converse(ctx, run)
	if err != nil {
		return nil, err
	}
	if w.agent.Finish != nil {
		return w.agent.Finish(ctx, run, answer)
	}
	return answer, nil
}

// store puts the output where its body says that it is.
func (w *worker) store(ctx context.Context, output json.RawMessage) (task.Body, error) {
	if w.task.InlineOnly && len(output) > w.task.InlineLimit {
		return task.Body{}, failure.New(task.ErrorOutputTooLarge, "the answer must have at most %d bytes, got %d", w.task.InlineLimit, len(output))
	}
	body, object, err := task.NewBody(output, w.task.InlineLimit)
	if err != nil {
		return task.Body{}, failure.New(task.ErrorInternal, "the answer: %w", err)
	}
	if object == nil {
		return body, nil
	}
	key := transport.ObjectPrefix + body.Ref.Key()
	if err := w.objects.Put(ctx, key, "application/json", object); err != nil {
		return task.Body{}, failure.New(failureOfObject(err), "storing the answer: %w", err)
	}
	return body, nil
}

// heartbeats says that the agent works until ctx ends. One that is lost does no
// harm: three fit into the time that the workflow waits for one.
func (w *worker) heartbeats(ctx context.Context, cancel context.CancelCauseFunc) {
	if w.task.Heartbeat == 0 {
		return
	}
	patience := time.Duration(w.task.Heartbeat) * time.Second
	interval := min(patience/3, maxBeat)
	taken := time.Now()
	for ctx.Err() == nil {
		message, err := task.Heartbeat{TaskID: w.task.ID, MAC: w.task.MAC, At: time.Now().UTC().Truncate(time.Millisecond)}.Encode()
		if err != nil {
			w.log.Error("heartbeat", "error", err.Error())
			return
		}
		once, done := context.WithTimeout(ctx, interval)
		err = w.sender.Send(once, message)
		done()
		switch {
		case err == nil:
			taken = time.Now()
		case errors.Is(err, transport.ErrGone):
			cancel(err)
			return
		case time.Since(taken) > patience:
			// The workflow has given this attempt up by now.
			cancel(fmt.Errorf("%w: no heartbeat was taken for %s: %w", transport.ErrGone, patience, err))
			return
		case ctx.Err() == nil:
			w.log.Warn("heartbeat", "error", err.Error())
		}
		if wait(ctx, interval) != nil {
			return
		}
	}
}

// answer sends the result or the failure until it is taken.
func (w *worker) answer(ctx context.Context, body task.Body, usage task.Usage, failed error) error {
	var message []byte
	var err error
	if failed == nil {
		message, err = task.Result{TaskID: w.task.ID, MAC: w.task.MAC, Output: body, Usage: usage}.Encode()
	} else {
		message, err = task.Failure{
			TaskID: w.task.ID, MAC: w.task.MAC, Error: failure.NameOf(failed), Cause: sentence(failed, usage.Simulated), Usage: usage,
		}.Encode()
	}
	if err != nil {
		return err
	}
	// The signal that ended the work must not end the answer. What ends it is when
	// the workflow gives the attempt up: it hears no heartbeats any more.
	until := w.task.Deadline
	if silent := time.Now().Add(time.Duration(w.task.Heartbeat) * time.Second); w.task.Heartbeat > 0 && silent.Before(until) {
		until = silent
	}
	if ctx.Err() != nil {
		if soon := time.Now().Add(partingTime); soon.Before(until) {
			until = soon
		}
	}
	sending, done := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer done()
	// A signal while it is sent shortens the time that is left.
	defer context.AfterFunc(ctx, func() { time.AfterFunc(partingTime, done) })()
	return w.send(sending, message)
}

// send sends a message until it is taken, or refused for good, or ctx ends.
func (w *worker) send(ctx context.Context, message []byte) error {
	for try := 0; ; try++ {
		err := w.sender.Send(ctx, message)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, transport.ErrGone):
			w.log.Warn("the answer was dropped: nobody waits for it any more")
			return nil
		case errors.Is(err, transport.ErrRefused), errors.Is(err, transport.ErrDenied):
			return err
		}
		w.log.Warn("answering, again soon", "error", err.Error())
		if wait(ctx, pause(w.backoff, try)) != nil {
			return err
		}
	}
}

// pause is how long to wait before another try: longer each time, and not the
// same for all agents that met the same trouble.
// https://docs.aws.amazon.com/general/latest/gr/api-retries.html
func pause(first time.Duration, try int) time.Duration {
	longest := min(first<<min(try, 10), maxBackoff)
	return longest/2 + rand.N(longest/2+1) //nolint:gosec // no secret depends on it
}

// sentence is a failure's cause, as long as it may be and never empty.
func sentence(err error, simulated bool) string {
	text := strings.ToValidUTF8(err.Error(), "?")
	if text == "" {
		text = "no cause was given"
	}
	if simulated && !strings.HasPrefix(text, model.Mark) {
		text = model.Mark + ": " + text
	}
	if len(text) > task.MaxCause {
		text = strings.ToValidUTF8(text[:task.MaxCause], "")
	}
	return text
}

// stack is where a panic came from.
func stack() string { return string(debug.Stack()) }
