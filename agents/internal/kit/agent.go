package kit

import (
	"context"
	"encoding/json"

	"github.com/aegis-agents/aegis/agents/internal/fetch"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/agents/internal/serve"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

// defaultMaxOutput is what every current model on Bedrock can say in one turn.
// https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
const defaultMaxOutput = 4096

// Agent is everything that one agent is.
type Agent struct {
	Name        string
	Description string        // in a sentence, for the agent card
	Skills      []serve.Skill // for the agent card
	// Inputs are the task's inputs, all of which must be there. Required.
	Inputs []Field
	// System is the system prompt. The kit adds how to answer, and what is data. Required.
	System string
	// Instruction is what this task asks for; the inputs follow as data. Required.
	Instruction func(in Input) string
	// Subject is what the task is about, in a few words. Required.
	Subject func(in Input) string
	// Schema is the JSON schema of the model's answer, an object's. Required.
	Schema func(in Input) string
	// Tools are what the model may use before it answers. Default: none.
	Tools []Tool
	// Check says what is wrong with an answer that fits the schema, in words for
	// the model. Default: nothing is.
	Check func(run *Run, answer json.RawMessage) ([]string, error)
	// Done returns the output when this very task was done before. Default: it never was.
	Done func(ctx context.Context, run *Run) (output json.RawMessage, done bool, err error)
	// Finish makes the task's output of the answer. Default: the answer is the output.
	Finish func(ctx context.Context, run *Run, answer json.RawMessage) (json.RawMessage, error)
	// MaxOutput is how many tokens a turn may have. Default: 4096.
	MaxOutput int
}

// Tool is something that the model may use.
type Tool struct {
	Name        string
	Description string
	Schema      string // JSON schema of its input, an object's
	// Call uses the tool. What it returns, also as an error, is told to the model;
	// only a failure ends the task.
	Call func(ctx context.Context, run *Run, input json.RawMessage) (string, error)
}

// Run is one task under way, as tools and hooks see it.
type Run struct {
	Task      task.Task
	Input     Input
	Objects   transport.Objects
	Fetch     *fetch.Client
	Simulated bool // the answers are the stub's

	talk *conversation
}

// Results returns what a tool said so far, where it did not fail. Those of an
// attempt that was stopped before are among them.
func (r *Run) Results(tool string) []string {
	if r.talk == nil {
		return nil
	}
	named := make(map[string]bool)
	var out []string
	for _, message := range r.talk.Messages {
		for _, block := range message.Blocks {
			if use := block.Use; use != nil {
				named[use.ID] = use.Name == tool
			}
			if result := block.Result; result != nil && named[result.ID] && !result.Failed {
				out = append(out, result.Text)
			}
		}
	}
	return out
}

// maxOutput is how many tokens a turn may have.
func (a Agent) maxOutput() int {
	if a.MaxOutput > 0 {
		return a.MaxOutput
	}
	return defaultMaxOutput
}

// offered are the tools as the model sees them: the agent's, and the answer.
func (a Agent) offered(schema map[string]any) ([]model.Tool, error) {
	tools := make([]model.Tool, 0, len(a.Tools)+1)
	for _, tool := range a.Tools {
		var input map[string]any
		if err := json.Unmarshal([]byte(tool.Schema), &input); err != nil {
			return nil, err
		}
		tools = append(tools, model.Tool{Name: tool.Name, Description: tool.Description, Schema: input})
	}
	return append(tools, model.Tool{
		Name: model.AnswerTool, Schema: schema,
		Description: "Gives the task's answer. Use it once, when the work is done.",
	}), nil
}
