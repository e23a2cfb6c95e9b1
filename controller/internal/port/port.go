package port

import (
	"context"
	"errors"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// Message is what a Queue delivers, at least once and in no order.
type Message struct {
	ID       string // of the message, the same in each delivery
	Body     []byte
	Receives int // which delivery this is, from 1
	// Receipt is for Delete.
	Receipt string
	Sent    time.Time
}

// Queue is a queue of messages. On AWS Lambda receives them for the functions;
// the state-checker receives from the dead-letter queues itself.
type Queue interface {
	// Send sends a message of at most task.MaxMessage bytes.
	Send(ctx context.Context, body []byte) error
	// Receive returns up to limit messages (1 to 10), waiting up to wait (0 to 20 s)
	// for the first. They stay hidden from others for the queue's visibility timeout.
	Receive(ctx context.Context, limit int, wait time.Duration) ([]Message, error)
	// Delete removes a received message. An old receipt is no error.
	Delete(ctx context.Context, m Message) error
}

// What an Engine, a Runner and a Blob say.
var (
	// ErrNotFound is an execution, a run or an object that is not there.
	ErrNotFound = errors.New("not found")
	// ErrExists is an execution of that name with another input.
	ErrExists = errors.New("exists already")
	// ErrClosed is an answer with a token that nobody waits for any more:
	// the task timed out, was answered, or its execution has ended.
	ErrClosed = errors.New("nobody waits for this task any more")
	// ErrPermanent is a request that would be refused again, such as for want
	// of a permission or because of an invalid setting.
	ErrPermanent = errors.New("refused for good")
)

// ExecutionStatus is how an execution stands, in flow.Status's words.
type ExecutionStatus struct {
	Status  string // running, succeeded, failed, timed_out or cancelled
	Started time.Time
	Stopped time.Time // zero while it runs
	Output  []byte    // JSON, when it succeeded
	Error   string    // when it failed
	Cause   string
}

// Engine runs workflows durably.
type Engine interface {
	// Start starts the execution called id. Again with the same input it does
	// nothing; with another, or after its end, it is ErrExists.
	Start(ctx context.Context, flow, id string, input []byte) error
	// Describe returns how an execution stands. ErrNotFound.
	Describe(ctx context.Context, flow, id string) (ExecutionStatus, error)
	// Cancel stops an execution. One that has ended stays as it is. ErrNotFound.
	Cancel(ctx context.Context, flow, id, cause string) error
	// Succeed, Fail and Heartbeat answer a task or an approval. ErrClosed.
	Succeed(ctx context.Context, token task.Token, output []byte) error
	Fail(ctx context.Context, token task.Token, name, cause string) error
	Heartbeat(ctx context.Context, token task.Token) error
}

// RunStatus is how a container or process stands.
type RunStatus struct {
	Stopped bool
	Reason  string // why it stopped, for people
}

// Runner runs one agent's program for one task.
type Runner interface {
	// Run starts the program and returns its name, such as the ARN of an ECS task. With
	// the same t.ID it starts nothing a second time within the time that the
	// implementation can tell (ECS: 24 hours), and returns the first name.
	// ErrPermanent.
	Run(ctx context.Context, t task.Task) (run string, err error)
	// Describe returns how runs stand, by name. One that is long gone counts
	// as stopped.
	Describe(ctx context.Context, runs []string) (map[string]RunStatus, error)
	// Stop stops a run; it gets 30 s after a SIGTERM. One that has ended is no error.
	Stop(ctx context.Context, run, reason string) error
}

// Blob is a store of objects: those that bodies refer to, and artifacts.
type Blob interface {
	// Put stores an object. Keys are as CheckObjectKey says, and none begins with
	// another and a /. The same key has the same content, or the later one counts.
	Put(ctx context.Context, key, contentType string, data []byte) error
	// Get returns an object of at most limit bytes. ErrNotFound, task.ErrTooLarge.
	Get(ctx context.Context, key string, limit int) ([]byte, error)
}

// ObjectPrefix is what the keys of objects that bodies refer to begin with,
// before task.Ref.Key. Agents know it too.
const ObjectPrefix = "objects/"

// Clock tells the time.
type Clock interface {
	Now() time.Time
}

// SystemClock is the machine's clock, in UTC.
type SystemClock struct{}

// Now returns the time.
func (SystemClock) Now() time.Time { return time.Now().UTC() }
