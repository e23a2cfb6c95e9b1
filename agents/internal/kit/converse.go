package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	// maxRepairs is how often the model is told what did not fit.
	maxRepairs = 2
	// maxTurns is how many turns may use tools before an answer is asked for.
	maxTurns = 12
	// lastTurns is for how many turns like the last one there must be tokens left
	// when another tool is used: for the answer and two repairs.
	lastTurns = 3
	// maxTries is how often one call to the model is made. Beyond it the workflow
	// tries again, later and with its own waiting.
	maxTries = 5
	// callTime is for one call. The service itself allows up to an hour.
	// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
	callTime = 5 * time.Minute
)

// conversation is what was said so far. It is kept in checkpoints: rename no field.
type conversation struct {
	// Messages end with one of the user's: a model's turn and the reply to it
	// are added together, so that each can be gone on from.
	Messages []model.Message `json:"messages"`
	Repairs  int             `json:"repairs"`
	// Spent is how many tokens the attempts before have used.
	Spent int `json:"spent"`

	input, output int // tokens of this attempt
	last          int // tokens of the last turn
	calls         int
}

// total is how many tokens the task has used.
func (c *conversation) total() int { return c.Spent + c.input + c.output }

// converse talks with the model until it gives an answer that fits.
func (w *worker) converse(ctx context.Context, run *Run) (json.RawMessage, error) {
	form, err := newForm(w.agent.Schema(run.Input))
	if err != nil {
		return nil, err
	}
	tools, err := w.agent.offered(form.schema)
	if err != nil {
		return nil, failure.New(task.ErrorInternal, "the agent's tools: %w", err)
	}
	talk := run.talk
	if err := w.resume(ctx, run); err != nil {
		return nil, err
	}
	if len(talk.Messages) == 0 {
		talk.Messages = []model.Message{{Role: model.User, Blocks: []model.Block{{Text: prompt(w.agent, run)}}}}
	}
	for {
		left := w.settings.maxTokens - talk.total()
		if left <= 0 {
			return nil, failure.New(task.ErrorBudgetExceeded, "%s: the budget of %d tokens is used up, got %d", varMaxTokens, w.settings.maxTokens, talk.total())
		}
		request := model.Request{
			System: w.agent.System + "\n\n" + rules, Messages: talk.Messages, Tools: tools,
			MaxOutput: min(w.agent.maxOutput(), left), Subject: w.agent.Subject(run.Input),
		}
		// Every turn adds two messages to the first, and costs more than the one
		// before: an answer that is asked for too late is none.
		if len(w.agent.Tools) == 0 || talk.Repairs > 0 || len(talk.Messages) > 2*maxTurns || left < lastTurns*talk.last {
			request.Force = model.AnswerTool
		}
		response, err := w.call(ctx, talk, request)
		if err != nil {
			return nil, err
		}
		answer, reply, err := w.read(ctx, run, form, response)
		if err != nil || answer != nil {
			return answer, err
		}
		talk.Messages = append(talk.Messages, said(response), model.Message{Role: model.User, Blocks: reply})
	}
}

// said is the model's turn as it goes into the conversation, which takes no empty ones.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
func said(response model.Response) model.Message {
	if len(response.Message.Blocks) > 0 {
		return response.Message
	}
	return model.Message{Role: model.Assistant, Blocks: []model.Block{{Text: "(nothing)"}}}
}

// call asks the model, again when it was busy.
func (w *worker) call(ctx context.Context, talk *conversation, request model.Request) (model.Response, error) {
	for try := 0; ; try++ {
		once, done := context.WithTimeoutCause(ctx, callTime,
			failure.New(task.ErrorUnavailable, "the model did not answer within %s", callTime))
		response, err := w.model.Converse(once, request)
		if err != nil && once.Err() != nil {
			err = failure.OfContext(once, err)
		}
		done()
		talk.calls++
		talk.input += response.InputTokens
		talk.output += response.OutputTokens
		talk.last = response.InputTokens + response.OutputTokens
		if err == nil {
			return response, nil
		}
		if ctx.Err() != nil || !failure.Temporary(err) || try+1 >= maxTries {
			return model.Response{}, err
		}
		w.log.Warn("the model, again soon", "error", errorText(err))
		if wait(ctx, pause(w.backoff, try)) != nil {
			return model.Response{}, err
		}
	}
}

// read takes a turn of the model: it is the answer, or gets a reply.
func (w *worker) read(ctx context.Context, run *Run, form *form, response model.Response) (answer json.RawMessage, reply []model.Block, err error) {
	switch response.Stop {
	case model.StopRefused:
		return nil, nil, failure.New(task.ErrorRefused, "the model or its guardrail declined the task: %s", firstText(response.Message))
	case model.StopContext:
		return nil, nil, failure.New(task.ErrorBudgetExceeded, "the conversation is longer than the model takes")
	}
	broken := brokenTurn(response.Stop)
	answered := false
	for _, block := range response.Message.Blocks {
		use := block.Use
		if use == nil {
			continue
		}
		result := model.ToolResult{ID: use.ID}
		switch {
		case broken != "":
			// A use without a result could not be sent back.
			result.Text, result.Failed = "Not done.", true
		case use.Name == model.AnswerTool && !answered:
			answered = true
			var problem string
			if answer, problem, err = form.accept(w, run, use.Input); err != nil || problem == "" {
				return answer, nil, err
			}
			result.Text, result.Failed = problem, true
		default:
			if result.Text, err = w.useTool(ctx, run, use); err != nil {
				if fatal(ctx, err) {
					return nil, nil, err
				}
				result.Text, result.Failed = err.Error(), true
			}
		}
		reply = append(reply, model.Block{Result: &result})
	}
	switch {
	case broken != "":
		return w.repair(run, form, broken, reply)
	case answered:
		return w.repair(run, form, "", reply)
	case len(reply) > 0:
		return nil, reply, nil
	}
	// Some models write their answer instead of using the tool.
	text := firstText(response.Message)
	value := jsonIn(text)
	if value == nil {
		return w.repair(run, form, fmt.Sprintf("You did not use the tool %q. Answer with it.", model.AnswerTool), nil)
	}
	answer, problem, err := form.accept(w, run, value)
	if err != nil || problem == "" {
		return answer, nil, err
	}
	return w.repair(run, form, problem, nil)
}

// brokenTurn says what is wrong with a turn that is not whole, in words for the model.
func brokenTurn(stop model.Stop) string {
	switch stop {
	case model.StopLength:
		return "Your turn was cut off at its limit: answer in fewer words."
	case model.StopMalformed:
		return "Your turn could not be read."
	default:
		return ""
	}
}

// repair replies with what is wrong, as often as there are repairs.
func (w *worker) repair(run *Run, form *form, problem string, reply []model.Block) (json.RawMessage, []model.Block, error) {
	if problem != "" {
		reply = append(reply, model.Block{Text: problem})
		form.problem = problem
	}
	if run.talk.Repairs++; run.talk.Repairs > maxRepairs {
		name := task.ErrorInvalidOutput
		if form.tooLong {
			name = task.ErrorOutputTooLarge
		}
		return nil, nil, failure.New(name, "the model's answer did not fit after %d repairs: %s", maxRepairs, form.problem)
	}
	w.log.Warn("the model's answer did not fit", "repair", run.talk.Repairs, "problem", form.problem)
	return nil, reply, nil
}

// useTool uses one of the agent's tools.
func (w *worker) useTool(ctx context.Context, run *Run, use *model.ToolUse) (string, error) {
	for _, tool := range w.agent.Tools {
		if tool.Name == use.Name {
			w.log.Info("tool", "name", use.Name)
			return tool.Call(ctx, run, use.Input)
		}
	}
	return "", fmt.Errorf("there is no tool %q, or it was used twice in a turn", use.Name)
}

// fatal says whether a tool's error ends the task instead of being told to the model.
func fatal(ctx context.Context, err error) bool {
	return ctx.Err() != nil || failure.Is(err)
}

// firstText is the text of a message.
func firstText(m model.Message) string {
	for _, block := range m.Blocks {
		if block.Text != "" {
			return block.Text
		}
	}
	return ""
}
