package task

import (
	"slices"
	"time"
)

// Outcome is how an approval ended.
type Outcome string

// The outcomes. Expiry is one of them: it is decided by the time limit.
const (
	OutcomeApproved Outcome = "approved"
	OutcomeRejected Outcome = "rejected"
	OutcomeExpired  Outcome = "expired"
)

// Outcomes lists all outcomes.
func Outcomes() []Outcome { return []Outcome{OutcomeApproved, OutcomeRejected, OutcomeExpired} }

// ApprovalRequest asks for a person's decision. Step Functions sends it again, as
// another attempt with another token, when sending it seemed to fail: the
// highest attempt is the one that waits.
type ApprovalRequest struct {
	Workflow string          `json:"workflow"`
	Step     string          `json:"step"`
	Attempt  int             `json:"attempt"`
	Prompt   string          `json:"prompt"` // the question, in a sentence
	Input    map[string]Body `json:"input"`  // what there is to decide about
	Timeout  int             `json:"timeout_seconds"`
	Token    Token           `json:"token"`
}

// Decision is an approval's outcome, as it is recorded and as it becomes the step's result.
type Decision struct {
	Workflow string    `json:"workflow"`
	Step     string    `json:"step"`
	Decision Outcome   `json:"decision"`
	By       string    `json:"by"`      // who decided, empty when it expired
	Comment  string    `json:"comment"` // what they said, may be empty
	At       time.Time `json:"at"`
}

// Encode writes the message.
func (r ApprovalRequest) Encode() ([]byte, error) {
	return encode(r.check(), struct {
		header
		ApprovalRequest
	}{head(KindApprovalRequest), r})
}

// Encode writes the message.
func (d Decision) Encode() ([]byte, error) {
	return encode(d.check(), struct {
		header
		Decision
	}{head(KindDecision), d})
}

// Body returns the decision as a step's result: the encoded message, inline.
func (d Decision) Body() (Body, error) {
	data, err := d.Encode()
	if err != nil {
		return Body{}, err
	}
	return Body{Inline: data}, nil
}

// DecodeApprovalRequest reads an approval request.
func DecodeApprovalRequest(data []byte) (ApprovalRequest, error) {
	o, err := openKind(data, KindApprovalRequest)
	if err != nil {
		return ApprovalRequest{}, err
	}
	m := ApprovalRequest{
		Workflow: o.text("workflow"),
		Step:     o.text("step"),
		Attempt:  o.integer("attempt", 0, MaxAttempt),
		Prompt:   o.text("prompt"),
		Input:    o.bodies("input"),
		Timeout:  o.integer("timeout_seconds", 1, MaxSeconds),
		Token:    Token(o.text("token")),
	}
	return done(o, m)
}

// DecodeDecision reads a decision.
func DecodeDecision(data []byte) (Decision, error) {
	o, err := openKind(data, KindDecision)
	if err != nil {
		return Decision{}, err
	}
	m := Decision{
		Workflow: o.text("workflow"),
		Step:     o.text("step"),
		Decision: Outcome(o.text("decision")),
		By:       o.text("by"),
		Comment:  o.text("comment"),
		At:       o.time("at"),
	}
	return done(o, m)
}

func (r ApprovalRequest) check() *Error {
	return firstOf(
		checkName("workflow", r.Workflow, MaxWorkflowID, isWord, "letters, digits, - and _"),
		checkStep("step", r.Step),
		checkRange("attempt", r.Attempt, 0, MaxAttempt),
		checkText("prompt", r.Prompt, maxText),
		checkBodies("input", r.Input),
		checkRange("timeout_seconds", r.Timeout, 1, MaxSeconds),
		checkToken(r.Token),
	)
}

func (d Decision) check() *Error {
	err := firstOf(
		checkName("workflow", d.Workflow, MaxWorkflowID, isWord, "letters, digits, - and _"),
		checkStep("step", d.Step),
		checkText("by", d.By, maxBy),
		checkText("comment", d.Comment, maxText),
		checkTime("at", d.At),
	)
	if err == nil && !slices.Contains(Outcomes(), d.Decision) {
		err = invalid("decision", "must be one of %v, got %q", Outcomes(), d.Decision)
	}
	return err
}
