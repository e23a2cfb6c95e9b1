package ahead

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// These tests share the package's state, so that none is parallel.

// made returns work that makes the same value of each key, and counts.
func made(value any, count *atomic.Int32) func(context.Context, []string) map[string]any {
	return func(_ context.Context, keys []string) map[string]any {
		count.Add(1)
		results := map[string]any{}
		for _, key := range keys {
			results[key] = value
		}
		return results
	}
}

func wantTaken(t *testing.T, key string, want any) {
	t.Helper()
	if got, err := Take(t.Context(), key); got != want || err != nil {
		t.Errorf("%s: got %v, %v, want %v", key, got, err, want)
	}
}

func TestTake(t *testing.T) {
	defer Drop()
	var first, second atomic.Int32
	wantTaken(t, "a", nil)
	Start([]string{"a", "b"}, made(1, &first))
	Start([]string{"a", "c", "c"}, made(2, &second)) // a waits, and is not made again
	for _, step := range []struct {
		key  string
		want any
	}{{"a", 1}, {"c", 2}, {"a", 1}, {"a", nil}, {"b", 1}, {"b", nil}, {"c", 2}, {"c", nil}} {
		wantTaken(t, step.key, step.want)
	}
	Start([]string{"a"}, made(3, &first)) // what was taken is made again
	wantTaken(t, "a", 3)
	Start([]string{"a", "b"}, made(4, &first))
	Start([]string{"a", "b"}, made(5, &second)) // nothing is left to do
	wantTaken(t, "b", 4)
	if first.Load() != 3 || second.Load() != 1 {
		t.Errorf("work was done %d and %d times", first.Load(), second.Load())
	}
}

// TestFailed: work that fails has no result, nor has the one that it was left out of.
func TestFailed(t *testing.T) {
	defer Drop()
	Start([]string{"a", "b"}, func(context.Context, []string) map[string]any { return map[string]any{"b": 1} })
	Start([]string{"a"}, func(context.Context, []string) map[string]any { return map[string]any{"a": 1} })
	wantTaken(t, "a", nil)
	wantTaken(t, "a", nil)
	wantTaken(t, "b", 1)
}

// TestOrder: one piece of work after the other.
func TestOrder(t *testing.T) {
	defer Drop()
	var order []string // without a lock: the race detector would see two at once
	for _, key := range []string{"a", "b", "c", "d"} {
		Start([]string{key}, func(context.Context, []string) map[string]any {
			order = append(order, key)
			return map[string]any{key: key}
		})
	}
	wantTaken(t, "d", "d")
	if !slices.Equal(order, []string{"a", "b", "c", "d"}) {
		t.Errorf("got %v", order)
	}
}

func TestTakeIsCancelled(t *testing.T) {
	defer Drop()
	Start([]string{"a"}, func(ctx context.Context, _ []string) map[string]any {
		<-ctx.Done()
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if got, err := Take(ctx, "a"); got != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestDrop ends what is under way, does not begin what waits, and keeps nothing.
func TestDrop(t *testing.T) {
	var ended atomic.Bool
	var count atomic.Int32
	begun := make(chan struct{})
	Start([]string{"finished", "taken"}, made(1, &count))
	Start([]string{"running"}, func(ctx context.Context, _ []string) map[string]any {
		close(begun)
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond)
		ended.Store(true)
		return nil
	})
	Start([]string{"waiting"}, made(1, &count))
	<-begun
	wantTaken(t, "taken", 1)
	asked := make(chan error)
	for _, key := range []string{"running", "waiting"} {
		r := take(key)
		go func() {
			<-r.done
			asked <- r.err
		}()
	}
	Drop()
	if !ended.Load() {
		t.Error("Drop did not wait")
	}
	for range 2 {
		if err := <-asked; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited got %v", err)
		}
	}
	for _, key := range []string{"finished", "running", "waiting"} {
		wantTaken(t, key, nil)
	}
	if count.Load() != 1 {
		t.Errorf("work was done %d times", count.Load())
	}
	Drop()
	Start([]string{"waiting"}, made(2, &count))
	wantTaken(t, "waiting", 2)
	Drop()
}
