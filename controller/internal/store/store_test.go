package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const keep = 90 * 24 * time.Hour

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newStore() (*store.Store, *memory.Table, *memory.Clock) {
	c := memory.NewClock(start)
	table := memory.NewTable()
	return store.New(table, c, keep), table, c
}

func order(workflow string, index int, token task.Token) task.Order {
	return task.Order{
		Spec: task.Spec{
			Workflow: workflow, Step: "research", Index: index, Agent: "research", Timeout: 60, InlineLimit: 100,
			Input: map[string]task.Body{
				"question": {Inline: json.RawMessage(`"a <b> & c"`)}, "nothing": {Inline: json.RawMessage("null")},
				"all": {List: []task.Body{{Inline: json.RawMessage("1")}, {Ref: &task.Ref{SHA256: strings.Repeat("a", 64), Size: 10}}}},
			},
		},
		Token: token,
	}
}

func request(attempt int, token task.Token) task.ApprovalRequest {
	return task.ApprovalRequest{
		Workflow: "w1", Step: "approve", Attempt: attempt, Prompt: "Go on?", Timeout: 600, Token: token,
		Input: map[string]task.Body{"analysis": {Inline: json.RawMessage(`{"a":1}`)}},
	}
}

func TestWorkflowLife(t *testing.T) {
	t.Parallel()
	s, table, c := newStore()
	w := store.Workflow{ID: "w1", Flow: "research-report", Input: json.RawMessage(`{"topic":"<x>"}`)}
	stored, created, err := s.PutWorkflow(t.Context(), w)
	if err != nil || !created || stored.Status != flow.Running || !stored.Created.Equal(start) {
		t.Fatalf("PutWorkflow: %+v %t %v", stored, created, err)
	}
	again, created, err := s.PutWorkflow(t.Context(), store.Workflow{ID: "w1", Flow: "other"})
	if err != nil || created {
		t.Fatalf("PutWorkflow again: created %t, %v", created, err)
	}
	if diff := cmp.Diff(stored, again); diff != "" {
		t.Errorf("the first record must stay (-want +got):\n%s", diff)
	}
	if _, _, err := s.PutTask(t.Context(), order("w1", 0, "token"), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.Pass(time.Minute)
	ended, won, err := s.EndWorkflow(t.Context(), "w1", flow.Failed, nil, "Agent.Refused", "declined")
	if err != nil || !won || ended.Ended == nil || !ended.Ended.Equal(start.Add(time.Minute)) {
		t.Fatalf("EndWorkflow: %+v %t %v", ended, won, err)
	}
	second, won, err := s.EndWorkflow(t.Context(), "w1", flow.Succeeded, []byte(`1`), "", "")
	if err != nil || won {
		t.Fatalf("EndWorkflow again: won %t, %v", won, err)
	}
	if diff := cmp.Diff(ended, second); diff != "" {
		t.Errorf("the first end must stay (-want +got):\n%s", diff)
	}
	// What belongs to a workflow goes when it does.
	page, err := table.Query(t.Context(), port.Query{PK: "W#w1", Limit: 10})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	for _, item := range page.Items {
		if want := start.Add(time.Minute + keep); !item.Expires.Equal(want) {
			t.Errorf("%s expires at %s, want %s", item.SK, item.Expires, want)
		}
	}
	if _, _, err := s.EndWorkflow(t.Context(), "w2", flow.Failed, nil, "", ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown workflow ends: %v", err)
	}
	if _, err := s.Workflow(t.Context(), "no/id"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is no id: %v", err)
	}
	if _, _, err := s.PutWorkflow(t.Context(), store.Workflow{ID: "no/id"}); !errors.Is(err, task.ErrInvalidField) {
		t.Errorf("what is no id is recorded: %v", err)
	}
}

func TestWorkflowsListsTheNewestFirst(t *testing.T) {
	t.Parallel()
	s, _, c := newStore()
	for i := range 5 {
		if _, _, err := s.PutWorkflow(t.Context(), store.Workflow{ID: fmt.Sprintf("w%d", i)}); err != nil {
			t.Fatal(err)
		}
		c.Pass(time.Second)
	}
	if _, _, err := s.EndWorkflow(t.Context(), "w2", flow.Succeeded, []byte("{}"), "", ""); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for from := ""; ; {
		list, err := s.Workflows(t.Context(), flow.Running, 3, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range list.Workflows {
			ids = append(ids, w.ID)
		}
		if from = list.Next; from == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"w4", "w3", "w1", "w0"}, ids); diff != "" {
		t.Errorf("running (-want +got):\n%s", diff)
	}
	if _, err := s.Workflows(t.Context(), flow.Running, 3, "x"); !errors.Is(err, port.ErrInvalidCursor) {
		t.Errorf("a cursor of nothing: %v", err)
	}
}

// Whoever logs a record whole must not log its token.
func TestRecordsShowNoToken(t *testing.T) {
	t.Parallel()
	s, table, _ := newStore()
	const token = "AAAAKgAAAAIAAA-very-secret"
	recorded, _, err := s.PutTask(t.Context(), order("w1", 0, token), start)
	if err != nil {
		t.Fatal(err)
	}
	approval, err := s.PutApproval(t.Context(), request(0, token))
	if err != nil {
		t.Fatal(err)
	}
	if recorded.Token.Token != token || approval.Token.Token != token {
		t.Fatal("the records have not the token")
	}
	item, _, err := table.Get(t.Context(), port.Key{PK: "W#w1", SK: "A#approve"})
	if err != nil || !bytes.Contains(item.Data, []byte(token)) {
		t.Errorf("the table has not the token: %v", err)
	}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "task", recorded, "approval", approval, "token", recorded.Token)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", recorded, approval, approval, approval.Token, recorded.Token)
	if strings.Contains(out.String(), "secret") {
		t.Errorf("a token shows in: %s", out.String())
	}
}
