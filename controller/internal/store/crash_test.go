package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// crashing is a table whose write number at, from 0, fails: before it is done, or
// after, as when the process dies then.
type crashing struct {
	port.Table

	at    int
	after bool
}

var errCrash = errors.New("crash")

func (c *crashing) Put(ctx context.Context, item port.Item) (int64, error) {
	c.at--
	if c.at != -1 {
		return c.Table.Put(ctx, item)
	}
	if c.after {
		if _, err := c.Table.Put(ctx, item); err != nil {
			return 0, err
		}
	}
	return 0, errCrash
}

// Wherever a process dies, doing all of it again gives the same records.
func TestRepeatsAfterCrashes(t *testing.T) {
	t.Parallel()
	life := func(ctx context.Context, s *store.Store) error {
		o := order("w1", 0, "t")
		d := decision(task.OutcomeApproved, "ann")
		for _, step := range []func() error{
			func() error { _, _, err := s.PutWorkflow(ctx, store.Workflow{ID: "w1"}); return err },
			func() error { _, _, err := s.PutTask(ctx, o, start.Add(time.Hour)); return err },
			func() error { _, err := s.StartTask(ctx, o.ID(), "run"); return err },
			func() error { _, _, err := s.AnswerTask(ctx, o.ID(), result("1")); return err },
			func() error { _, err := s.CloseTask(ctx, o.ID(), false); return err },
			func() error { _, err := s.PutApproval(ctx, request(0, "a")); return err },
			func() error { _, _, err := s.Decide(ctx, d); return err },
			func() error { _, err := s.CloseApproval(ctx, "w1", "approve"); return err },
			func() error { _, _, err := s.EndWorkflow(ctx, "w1", flow.Succeeded, []byte("1"), "", ""); return err },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
	want := snapshot(t, func(table port.Table) error { return life(t.Context(), newOn(table)) })
	for at := range 10 { // one for each write, and two for the task with its way to it
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after %t", at, after), func(t *testing.T) {
				t.Parallel()
				got := snapshot(t, func(table port.Table) error {
					if err := life(t.Context(), newOn(&crashing{Table: table, at: at, after: after})); !errors.Is(err, errCrash) {
						return fmt.Errorf("no crash: %w", err)
					}
					return life(t.Context(), newOn(table))
				})
				if got != want {
					t.Errorf("want\n%s\ngot\n%s", want, got)
				}
			})
		}
	}
}

func newOn(table port.Table) *store.Store { return store.New(table, memory.NewClock(start), keep) }

// snapshot is what a table holds in the end, of the records and of their keys.
func snapshot(t *testing.T, fill func(port.Table) error) string {
	t.Helper()
	table := memory.NewTable()
	if err := fill(table); err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, pk := range []string{"W#w1", "T#" + string(order("w1", 0, "t").ID())} {
		page, err := table.Query(t.Context(), port.Query{PK: pk, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			text += fmt.Sprintf("%s %s: %s, in %s %s\n", item.PK, item.SK, item.Data, item.IndexPK, item.IndexSK)
		}
	}
	return text
}
