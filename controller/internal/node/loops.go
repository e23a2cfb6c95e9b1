package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// receive carries out orders, each in a goroutine of its own: one that waits for
// its turn to run must not keep an approval request from being recorded.
func (n *Node) receive(ctx context.Context) {
	const batch, wait = 10, 20 * time.Second // as many and as long as a queue gives
	var handling sync.WaitGroup
	defer handling.Wait()
	for {
		messages, err := n.tasks.Receive(ctx, batch, wait)
		if err != nil {
			return // the queue in process fails for one reason: ctx has ended
		}
		for _, m := range messages {
			handling.Go(func() { n.handle(ctx, m) })
		}
	}
}

// handle carries out one message, again and again until it works: what fails on
// one machine is a full disk, and it is the person before it who decides.
func (n *Node) handle(ctx context.Context, m port.Message) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := n.dispatch.Handle(ctx, m.Body, m.Sent)
		if err == nil || errors.Is(err, dispatch.ErrInvalid) {
			if deleted := errors.Join(err, n.tasks.Delete(ctx, m)); deleted != nil && ctx.Err() == nil {
				n.options.Logger.ErrorContext(ctx, "a message was not carried out", "cause", deleted.Error())
			}
			return
		}
		if ctx.Err() != nil {
			return // the engine sends it again after the next start
		}
		n.options.Logger.WarnContext(ctx, "a message is tried again", "after", wait.String(), "cause", err.Error())
		if !sleep(ctx, wait) {
			return
		}
	}
}

// check lets the checker pass. The first pass comes after the orders of the last
// process have come again: their runs are gone, and would be found stopped.
func (n *Node) check(ctx context.Context) {
	for sleep(ctx, n.options.CheckEvery) {
		if _, err := n.checker.Run(ctx); err != nil && ctx.Err() == nil {
			n.options.Logger.ErrorContext(ctx, "the checker could not look at everything", "cause", err.Error())
		}
	}
}

// reconcile records ends at once, for whoever looks. The checker would in time.
func (n *Node) reconcile(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-n.ended:
			if err := n.recordEnd(ctx, id); err != nil && ctx.Err() == nil {
				n.options.Logger.WarnContext(ctx, "an end is left to the checker", "workflow", id, "cause", err.Error())
			}
		}
	}
}

// recordEnd waits for the engine to have recorded the end, which is a matter of
// milliseconds, and takes it into the workflow's record.
func (n *Node) recordEnd(ctx context.Context, id string) error {
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		w, err := n.Store.Workflow(ctx, id)
		if err == nil {
			w, err = n.settler.Reconcile(ctx, w)
		}
		if errors.Is(err, store.ErrNotFound) || err == nil && w.Status != flow.Running {
			return nil
		}
		if err != nil {
			return err
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
	return errors.New("the engine takes its time")
}

// sleep is false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
