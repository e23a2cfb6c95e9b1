package memory

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Queue = (*Queue)(nil)

// QueueOptions says how a Queue delivers.
type QueueOptions struct {
	// Visibility is how long a received message stays hidden. Default: 30 seconds.
	Visibility time.Duration
	// MaxReceives is after how many deliveries a message goes to DeadLetters
	// instead. Default: 0, never.
	MaxReceives int
	DeadLetters *Queue
	// Clock hides and dates messages. Waiting goes by the machine's clock all the
	// same. Default: the system's.
	Clock port.Clock
	// Copies says how often a message that is sent is queued. Default: once.
	Copies func(body []byte) int
	// Pick chooses one of n visible messages to be delivered next, for tests
	// of the order. Default: the oldest.
	Pick func(n int) int
}

// Queue is a port.Queue in process: what is in it is gone with the process.
type Queue struct {
	options QueueOptions

	mu       sync.Mutex
	messages []*message
	last     int           // id
	changed  chan struct{} // closed when a message comes
}

type message struct {
	port.Message

	visible time.Time
}

// NewQueue returns an empty Queue.
func NewQueue(options QueueOptions) *Queue {
	if options.Visibility == 0 {
		options.Visibility = 30 * time.Second
	}
	if options.Clock == nil {
		options.Clock = port.SystemClock{}
	}
	if options.Copies == nil {
		options.Copies = func([]byte) int { return 1 }
	}
	if options.Pick == nil {
		options.Pick = func(int) int { return 0 }
	}
	return &Queue{options: options, changed: make(chan struct{})}
}

// Send is port.Queue's.
func (q *Queue) Send(ctx context.Context, body []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case len(body) > task.MaxMessage:
		return errors.Join(port.ErrPermanent, task.ErrTooLarge)
	case len(body) == 0:
		return errors.Join(port.ErrPermanent, errors.New("an empty message"))
	}
	now := q.options.Clock.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	for range q.options.Copies(body) {
		q.messages = append(q.messages, &message{
			Message: port.Message{ID: strconv.Itoa(q.last), Body: bytes.Clone(body), Sent: now}, visible: now,
		})
	}
	close(q.changed)
	q.changed = make(chan struct{})
	return nil
}

// Receive is port.Queue's.
func (q *Queue) Receive(ctx context.Context, limit int, wait time.Duration) ([]port.Message, error) {
	if err := port.CheckReceive(limit, wait.Seconds()); err != nil {
		return nil, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		messages, next, changed := q.take(ctx, limit)
		if len(messages) > 0 || wait == 0 {
			return messages, nil
		}
		// A hidden message may come to light while nothing is sent.
		again := make(<-chan time.Time)
		if next > 0 {
			again = time.After(next)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timeout.C:
			return nil, nil
		case <-again:
		case <-changed:
		}
	}
}

// Delete is port.Queue's.
func (q *Queue) Delete(ctx context.Context, m port.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = slices.DeleteFunc(q.messages, func(held *message) bool { return held.Receipt != "" && held.Receipt == m.Receipt })
	return nil
}

// Len returns how many messages there are, hidden ones included.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// take returns visible messages; or, when there are none, after how long the next
// will be visible, 0 for never, and what is closed when one is sent.
func (q *Queue) take(ctx context.Context, limit int) (taken []port.Message, next time.Duration, changed <-chan struct{}) {
	now := q.options.Clock.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(taken) < limit {
		var visible []*message
		for _, m := range q.messages {
			if hidden := m.visible.Sub(now); hidden <= 0 {
				visible = append(visible, m)
			} else if next == 0 || hidden < next {
				next = hidden
			}
		}
		if len(visible) == 0 {
			break
		}
		m := visible[q.options.Pick(len(visible))]
		if q.options.DeadLetters != nil && q.options.MaxReceives > 0 && m.Receives >= q.options.MaxReceives {
			if err := q.options.DeadLetters.Send(ctx, m.Body); err != nil {
				break
			}
			q.messages = slices.DeleteFunc(q.messages, func(held *message) bool { return held == m })
			continue
		}
		q.last++
		m.Receives++
		m.visible = now.Add(q.options.Visibility)
		m.Receipt = m.ID + "-" + strconv.Itoa(q.last)
		copied := m.Message
		copied.Body = bytes.Clone(m.Body)
		taken = append(taken, copied)
	}
	return taken, next, q.changed
}
