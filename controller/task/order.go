package task

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Token is Step Functions' task token: whoever has it can answer in the task's
// name. It stays in the control plane, and out of its logs.
type Token string

// Format prints no token, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) {
	fmt.Fprint(f, "token of "+strconv.Itoa(len(t))+" characters")
}

// LogValue logs no token.
func (t Token) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// Spec is what there is to do: the part that an order and a task share.
type Spec struct {
	Workflow string          `json:"workflow"` // the execution's name
	Step     string          `json:"step"`
	Index    int             `json:"index"`   // the item in a map, otherwise 0
	Attempt  int             `json:"attempt"` // 0 is the first
	Agent    string          `json:"agent"`
	Input    map[string]Body `json:"input"`
	// Timeout and Heartbeat are in seconds. Without a heartbeat it is 0.
	Timeout   int `json:"timeout_seconds"`
	Heartbeat int `json:"heartbeat_seconds"`
	// InlineLimit is how many bytes of an answer may be inline. InlineOnly says
	// that the workflow itself reads the answer: a longer one is a failure.
	InlineLimit int  `json:"inline_limit"`
	InlineOnly  bool `json:"inline_only"`
}

// ID is the id of the task that s describes.
func (s Spec) ID() ID { return NewID(s.Workflow, s.Step, s.Index, s.Attempt) }

// Order asks the dispatcher to have a task done. It holds the task's token and never
// goes to an agent: Task makes what does.
type Order struct {
	Spec

	Token Token `json:"token"`
}

// Task returns what the agent gets: the order without its token.
func (o Order) Task(deadline time.Time, mac MAC) Task {
	spec := o.Spec
	spec.Input = maps.Clone(o.Input)
	return Task{ID: o.ID(), Spec: spec, Deadline: deadline.UTC(), MAC: mac}
}

// Encode writes the message.
func (o Order) Encode() ([]byte, error) {
	return encode(o.check(), struct {
		header
		Order
	}{head(KindOrder), o})
}

// DecodeOrder reads an order.
func DecodeOrder(data []byte) (Order, error) {
	o, err := openKind(data, KindOrder)
	if err != nil {
		return Order{}, err
	}
	m := Order{Spec: o.spec(), Token: Token(o.text("token"))}
	return done(o, m)
}

func (o Order) check() *Error { return firstOf(o.Spec.check(), checkToken(o.Token)) }

func checkToken(token Token) *Error {
	if token == "" {
		return invalid("token", "must not be empty")
	}
	return checkText("token", string(token), MaxToken)
}

func (o *object) spec() Spec {
	return Spec{
		Workflow:    o.text("workflow"),
		Step:        o.text("step"),
		Index:       o.integer("index", 0, MaxIndex),
		Attempt:     o.integer("attempt", 0, MaxAttempt),
		Agent:       o.text("agent"),
		Input:       o.bodies("input"),
		Timeout:     o.integer("timeout_seconds", 1, MaxSeconds),
		Heartbeat:   o.integer("heartbeat_seconds", 0, MaxSeconds),
		InlineLimit: o.integer("inline_limit", 1, MaxInline),
		InlineOnly:  o.flag("inline_only"),
	}
}

func (s Spec) check() *Error {
	err := firstOf(
		checkName("workflow", s.Workflow, MaxWorkflowID, isWord, "letters, digits, - and _"),
		checkStep("step", s.Step),
		checkRange("index", s.Index, 0, MaxIndex),
		checkRange("attempt", s.Attempt, 0, MaxAttempt),
		checkAgent("agent", s.Agent),
		checkRange("timeout_seconds", s.Timeout, 1, MaxSeconds),
		checkRange("heartbeat_seconds", s.Heartbeat, 0, s.Timeout-1),
		checkRange("inline_limit", s.InlineLimit, 1, MaxInline),
	)
	if err != nil {
		return err
	}
	return checkBodies("input", s.Input)
}

func checkBodies(field string, bodies map[string]Body) *Error {
	if bodies == nil {
		return invalid(field, "must be an object, got none")
	}
	if len(bodies) > maxInputs {
		return invalid(field, "must have at most %d fields, got %d", maxInputs, len(bodies))
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		if err := checkStep(join(field, name), name); err != nil {
			return err
		}
		if err := bodies[name].check(join(field, name), true, maxRewritten); err != nil {
			return err
		}
	}
	return nil
}
