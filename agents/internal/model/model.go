package model

import (
	"context"
	"encoding/json"
)

// AnswerTool is the tool that a model answers a task with. Its schema is the answer's.
const AnswerTool = "answer"

// Role says whose message a message is.
type Role string

// The roles of a conversation.
const (
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one turn of a conversation. It is kept in checkpoints: rename no field.
type Message struct {
	Role   Role    `json:"role"`
	Blocks []Block `json:"blocks"`
}

// Block is a part of a message. Exactly one of its fields is set.
type Block struct {
	Text   string      `json:"text,omitempty"`
	Use    *ToolUse    `json:"tool_use,omitempty"`
	Result *ToolResult `json:"tool_result,omitempty"`
}

// ToolUse is the model's wish that a tool be used.
type ToolUse struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

// ToolResult is what the tool said.
type ToolResult struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
}

// Tool is a tool as a model sees it.
type Tool struct {
	Name        string
	Description string
	Schema      map[string]any // JSON schema of its input, an object's
}

// Request is a conversation so far.
type Request struct {
	System   string
	Messages []Message
	Tools    []Tool
	// Force names the tool that must be used. Default: any of them.
	Force string
	// MaxOutput is how many tokens the answer may have.
	MaxOutput int
	// Subject is what the task is about. Only the stub reads it.
	Subject string
}

// Stop says why the model stopped.
type Stop string

// The reasons that an agent tells apart.
const (
	StopDone      Stop = "done"      // it said what it wanted to say
	StopLength    Stop = "length"    // MaxOutput was reached
	StopRefused   Stop = "refused"   // the model or a guardrail declined
	StopMalformed Stop = "malformed" // the service could not read what the model said
	StopContext   Stop = "context"   // the conversation is longer than the model takes
)

// Response is the model's turn.
type Response struct {
	Message      Message
	Stop         Stop
	InputTokens  int
	OutputTokens int
}

// Model is a language model.
type Model interface {
	// Converse gives the next turn. Its errors are failures, unless ctx has ended.
	Converse(ctx context.Context, request Request) (Response, error)
	// ID is the model's id, for records.
	ID() string
	// Simulated says that the answers are made up.
	Simulated() bool
}
