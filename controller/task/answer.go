package task

import "time"

// Names of failures, in a Failure's Error. A workflow says which of them it does
// not retry. Agents may use other names.
const (
	ErrorThrottled      = "Agent.Throttled"      // the model service asked to slow down
	ErrorUnavailable    = "Agent.Unavailable"    // a service that the agent needs did not answer
	ErrorAccessDenied   = "Agent.AccessDenied"   // the agent's role or the account lacks a permission
	ErrorInvalidInput   = "Agent.InvalidInput"   // the task's input cannot be worked on
	ErrorInvalidOutput  = "Agent.InvalidOutput"  // the model's answers did not fit the schema, repairs included
	ErrorOutputTooLarge = "Agent.OutputTooLarge" // an answer that must be inline is over the limit
	ErrorBudgetExceeded = "Agent.BudgetExceeded" // the budget of tokens or of time is used up
	ErrorRefused        = "Agent.Refused"        // the model declined the task
	ErrorStopped        = "Agent.Stopped"        // the agent ended without an answer
	ErrorDeadLetter     = "Agent.DeadLetter"     // the order was never carried out
	ErrorInternal       = "Agent.Internal"       // a defect of the agent
)

// Usage is what a task used of a model.
type Usage struct {
	Model        string `json:"model"`         // the model's id, empty when none was asked
	Simulated    bool   `json:"simulated"`     // the answers are the stub model's
	InputTokens  int    `json:"input_tokens"`  // in all turns
	OutputTokens int    `json:"output_tokens"` // in all turns
}

// Heartbeat says that the agent still works on the task.
type Heartbeat struct {
	TaskID ID        `json:"task_id"`
	MAC    MAC       `json:"mac"`
	At     time.Time `json:"at"`
}

// Result is a task's answer.
type Result struct {
	TaskID ID    `json:"task_id"`
	MAC    MAC   `json:"mac"`
	Output Body  `json:"output"` // inline or a reference
	Usage  Usage `json:"usage"`
}

// Failure says that this attempt has failed, and why.
type Failure struct {
	TaskID ID     `json:"task_id"`
	MAC    MAC    `json:"mac"`
	Error  string `json:"error"` // a name, for the workflow to decide by
	Cause  string `json:"cause"` // a sentence, for people
	Usage  Usage  `json:"usage"`
}

// Encode writes the message.
func (h Heartbeat) Encode() ([]byte, error) {
	return encode(h.check(), struct {
		header
		Heartbeat
	}{head(KindHeartbeat), h})
}

// Encode writes the message.
func (r Result) Encode() ([]byte, error) {
	return encode(r.check(), struct {
		header
		Result
	}{head(KindResult), r})
}

// Encode writes the message.
func (f Failure) Encode() ([]byte, error) {
	return encode(f.check(), struct {
		header
		Failure
	}{head(KindFailure), f})
}

// DecodeHeartbeat reads a heartbeat.
func DecodeHeartbeat(data []byte) (Heartbeat, error) {
	o, err := openKind(data, KindHeartbeat)
	if err != nil {
		return Heartbeat{}, err
	}
	m := Heartbeat{TaskID: ID(o.text("task_id")), MAC: o.mac(), At: o.time("at")}
	return done(o, m)
}

// DecodeResult reads a result.
func DecodeResult(data []byte) (Result, error) {
	o, err := openKind(data, KindResult)
	if err != nil {
		return Result{}, err
	}
	m := Result{TaskID: ID(o.text("task_id")), MAC: o.mac(), Output: o.body("output"), Usage: o.usage()}
	return done(o, m)
}

// DecodeFailure reads a failure.
func DecodeFailure(data []byte) (Failure, error) {
	o, err := openKind(data, KindFailure)
	if err != nil {
		return Failure{}, err
	}
	m := Failure{TaskID: ID(o.text("task_id")), MAC: o.mac(), Error: o.text("error"), Cause: o.text("cause"), Usage: o.usage()}
	return done(o, m)
}

func (h Heartbeat) check() *Error {
	return firstOf(checkID(h.TaskID), h.MAC.check(), checkTime("at", h.At))
}

func (r Result) check() *Error {
	return firstOf(checkID(r.TaskID), r.MAC.check(), r.Output.check("output", false, MaxInline), r.Usage.check())
}

func (f Failure) check() *Error {
	return firstOf(checkID(f.TaskID), f.MAC.check(), checkErrorName("error", f.Error),
		checkText("cause", f.Cause, MaxCause), f.Usage.check())
}

func (o *object) usage() Usage {
	in := o.object("usage")
	u := Usage{
		Model:        in.text("model"),
		Simulated:    in.flag("simulated"),
		InputTokens:  in.integer("input_tokens", 0, maxTokens),
		OutputTokens: in.integer("output_tokens", 0, maxTokens),
	}
	o.finish(in)
	return u
}

func (u Usage) check() *Error {
	return firstOf(checkText("usage.model", u.Model, maxModel),
		checkRange("usage.input_tokens", u.InputTokens, 0, maxTokens),
		checkRange("usage.output_tokens", u.OutputTokens, 0, maxTokens))
}
