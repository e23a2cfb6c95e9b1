package model

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/controller/task"
)

// Mark is in everything that the stub says.
const Mark = "SIMULATED"

// bytesPerToken is about what English text has in common tokenizers. The stub
// counts by it, so that budgets can be tried without a model.
const bytesPerToken = 4

// Stub is the model that makes up its answers.
type Stub struct {
	mu     sync.Mutex
	script Script
	calls  int
}

// NewStub returns the stub that follows script.
func NewStub(script Script) *Stub { return &Stub{script: script} }

// ID is the stub's name in records.
func (s *Stub) ID() string { return "stub" }

// Simulated is true.
func (s *Stub) Simulated() bool { return true }

// Converse follows the script, then answers with what fits the schema.
func (s *Stub) Converse(ctx context.Context, request Request) (Response, error) {
	if err := sleep(ctx, s.script.delay()); err != nil {
		return Response{}, err
	}
	step, err := s.next()
	if err != nil {
		return Response{}, err
	}
	response := Response{Stop: StopDone, InputTokens: tokens(request.System, request.Messages)}
	use := ToolUse{ID: fmt.Sprintf("stub-%d", len(request.Messages)), Name: AnswerTool}
	switch {
	case step.hang:
		<-ctx.Done()
		return Response{}, ctx.Err()
	case step.refuse:
		response.Stop = StopRefused
		response.Message = Message{Role: Assistant, Blocks: []Block{{Text: Mark + ": the stub was told to refuse."}}}
		return response, nil
	case step.tool != nil:
		use.Name, use.Input = step.tool.Name, step.tool.Input
	case step.bad:
		use.Input = json.RawMessage(`{"` + Mark + `": "a bad answer, as the script says"}`)
	default:
		at := slices.IndexFunc(request.Tools, func(t Tool) bool { return t.Name == AnswerTool })
		if at < 0 {
			return Response{}, failure.New(task.ErrorInternal, "the stub was given no tool called %s", AnswerTool)
		}
		answer, err := simulate(request.Tools[at].Schema, request.Subject)
		if err != nil {
			return Response{}, failure.New(task.ErrorInternal, "the stub: %w", err)
		}
		use.Input = answer
	}
	response.Message = Message{Role: Assistant, Blocks: []Block{{Text: Mark}, {Use: &use}}}
	response.OutputTokens = len(use.Input)/bytesPerToken + 1
	return response, nil
}

// step is what the script says about one call.
type step struct {
	hang, refuse, bad bool
	tool              *ScriptTool
}

// next takes the next call off the script.
func (s *Stub) next() (step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.calls
	s.calls++
	script := &s.script
	if script.AccessDenied {
		return step{}, failure.New(task.ErrorAccessDenied, "%s: the stub was told to deny access", Mark)
	}
	if at < script.Unavailable {
		return step{}, failure.New(task.ErrorUnavailable, "%s: the stub was told to be unavailable", Mark)
	}
	at -= script.Unavailable
	if at < script.Throttle {
		return step{}, failure.New(task.ErrorThrottled, "%s: the stub was told to throttle", Mark)
	}
	at -= script.Throttle
	if script.Refuse {
		return step{refuse: true}, nil
	}
	if at < len(script.Tools) {
		return step{tool: &script.Tools[at]}, nil
	}
	at -= len(script.Tools)
	return step{bad: at < script.BadAnswers, hang: at >= script.BadAnswers && script.Hang}, nil
}

// tokens guesses how long a conversation is.
func tokens(system string, messages []Message) int {
	size := len(system)
	for _, m := range messages {
		for _, b := range m.Blocks {
			size += len(b.Text)
			if b.Use != nil {
				size += len(b.Use.Input)
			}
			if b.Result != nil {
				size += len(b.Result.Text)
			}
		}
	}
	return size/bytesPerToken + 1
}

// sleep waits, or says that ctx has ended.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
