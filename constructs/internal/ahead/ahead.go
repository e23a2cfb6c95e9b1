// Package ahead does work before anybody asks for its result, and keeps the
// result until somebody does.
//
// Work is done in the order in which it was started, one piece after the other.
// What failed has no result: whoever asks does the work again, and sees the error.
// [Drop] ends all of it; constructs/synth calls it when a run ends or is
// interrupted, so that no run gets a result of an earlier one.
//
// What must not live here: what the work is. A key has to name all that the
// result depends on, but for what may not change while a program runs.
package ahead

import (
	"context"
	"sync"
)

// result is what became of the work for one key.
type result struct {
	uses  int           // how often it may still be taken
	done  chan struct{} // closed when the work is over
	value any           // nil when it failed
	err   error         // that of the context when it was dropped
}

// job is work that was started.
type job struct {
	cancel context.CancelFunc
	done   chan struct{}
}

var state struct {
	sync.Mutex
	results map[string]*result
	jobs    []job
}

// Start lets work make the results of keys, which may each be taken once. A key
// that waits to be taken already is left out, and may be taken once more. The
// results are by key; one that could not be made is not among them.
func Start(keys []string, work func(ctx context.Context, keys []string) map[string]any) {
	state.Lock()
	defer state.Unlock()
	if state.results == nil {
		state.results = map[string]*result{}
	}
	done := make(chan struct{})
	started := map[string]*result{}
	var left []string
	for _, key := range keys {
		r, waits := state.results[key]
		if !waits {
			r = &result{done: done}
			state.results[key], started[key] = r, r
			left = append(left, key)
		}
		r.uses++
	}
	if len(left) == 0 {
		return
	}
	var before job
	if n := len(state.jobs); n > 0 {
		before = state.jobs[n-1]
	}
	ctx, cancel := context.WithCancel(context.Background())
	state.jobs = append(state.jobs, job{cancel, done})
	go func() {
		defer close(done)
		defer cancel()
		if before.done != nil {
			<-before.done
		}
		var results map[string]any
		if ctx.Err() == nil {
			results = work(ctx, left)
		}
		for key, r := range started {
			if r.value = results[key]; r.value == nil {
				r.err = ctx.Err()
			}
		}
	}()
}

// Take waits for the result of a key and takes it. It returns nil when there is
// none: nothing was started, or it failed, or was taken. The error is
// context.Canceled when it was dropped meanwhile, or that of ctx.
func Take(ctx context.Context, key string) (any, error) {
	r := take(key)
	if r == nil {
		return nil, nil
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func take(key string) *result {
	state.Lock()
	defer state.Unlock()
	r := state.results[key]
	if r == nil {
		return nil
	}
	if r.uses--; r.uses == 0 {
		delete(state.results, key)
	}
	return r
}

// Drop ends what is under way, waits for its end, and forgets what nobody took.
func Drop() {
	state.Lock()
	jobs := state.jobs
	state.jobs, state.results = nil, nil
	state.Unlock()
	for _, j := range jobs {
		j.cancel()
	}
	for _, j := range jobs {
		<-j.done
	}
}
