package local

import (
	"context"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
)

// most is how many events are recorded together.
const most = 100

// letter is an event with somebody who waits until it is recorded.
type letter struct {
	event flow.Event
	reply chan error // holds one
}

// box holds the events of one execution that are not recorded yet.
type box struct {
	mu      sync.Mutex
	letters []letter
	closed  error         // what every letter gets from now on
	arrived chan struct{} // holds one
	// resume is whether the execution was running in an earlier process: the
	// first event that this one records is Resumed.
	resume bool
}

func newBox(resume bool) *box { return &box{arrived: make(chan struct{}, 1), resume: resume} }

// post puts an event in the box and waits until it is recorded or refused.
func (b *box) post(ctx context.Context, e flow.Event) error {
	l := letter{event: e, reply: make(chan error, 1)}
	b.mu.Lock()
	if b.closed != nil {
		b.mu.Unlock()
		return b.closed
	}
	b.letters = append(b.letters, l)
	b.mu.Unlock()
	select {
	case b.arrived <- struct{}{}:
	default:
	}
	select {
	case err := <-l.reply:
		return err
	case <-ctx.Done():
		// It may still be recorded: the sender cannot tell, as with any network.
		return ctx.Err()
	}
}

// next waits for events, or for the time when the state needs one.
func (b *box) next(ctx context.Context, s flow.State) ([]letter, error) {
	if b.resume {
		b.resume = false
		return []letter{own(flow.Resumed)}, nil
	}
	var due <-chan time.Time
	if at, ok := s.Wake(); ok {
		// The machine counts a deadline as passed at that moment, not before.
		timer := time.NewTimer(max(time.Until(at), 0))
		defer timer.Stop()
		due = timer.C
	}
	for {
		if letters := b.take(); len(letters) > 0 {
			return letters, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-b.arrived:
		case <-due:
			return []letter{own(flow.Clock)}, nil
		}
	}
}

func (b *box) take() []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.letters), most)
	taken := b.letters[:n:n]
	b.letters = b.letters[n:]
	return taken
}

// close answers all letters, now and later, with err.
func (b *box) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = err
	for _, l := range b.letters {
		l.reply <- err
	}
	b.letters = nil
}

// own is an event of the engine's own.
func own(kind flow.EventKind) letter {
	return letter{event: flow.Event{Kind: kind}, reply: make(chan error, 1)}
}
