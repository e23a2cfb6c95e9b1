package timeline_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/timeline"
	"github.com/aegis-agents/aegis/controller/task"
)

// play runs the default workflow to its end, with a failure and an approval.
func play(t *testing.T, terminal bool) string {
	t.Helper()
	w := flow.ResearchReport()
	m, err := flow.NewMachine(w, flow.JitterByID)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	line := timeline.New(&out, terminal, w)
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	var s flow.State
	next := func(e flow.Event) {
		t.Helper()
		at = at.Add(10 * time.Second)
		e.At = at
		if s, _, err = m.Step(s, e); err != nil {
			t.Fatal(err)
		}
		if err := line.Show(e, s); err != nil {
			t.Fatal(err)
		}
	}
	done := func(step string, index, attempt int, value string) {
		t.Helper()
		next(flow.Event{Kind: flow.TaskSucceeded, Step: step, Index: index, Attempt: attempt, Output: &task.Body{Inline: json.RawMessage(value)}})
	}
	next(flow.Event{Kind: flow.Started, Workflow: "w", Input: json.RawMessage(`{"topic":"t","questions":2,"approval":true}`)})
	next(flow.Event{Kind: flow.TaskFailed, Step: "plan", Error: task.ErrorThrottled, Cause: "slow down"})
	next(flow.Event{Kind: flow.Clock})
	done("plan", 0, 1, `{"questions":["a","b"]}`)
	done("research", 0, 0, `{}`)
	next(flow.Event{Kind: flow.Resumed})
	done("research", 1, 0, `{}`)
	done("analyze", 0, 0, `{}`)
	if step, prompt, waits := timeline.Question(w, s); step != "approve" || prompt == "" || !waits {
		t.Error("no question", step, prompt)
	}
	next(flow.Event{Kind: flow.ApprovalDecided, Step: "approve", Outcome: task.OutcomeApproved, By: "ada"})
	if _, _, waits := timeline.Question(w, s); waits {
		t.Error("a question that was answered")
	}
	done("write", 0, 0, `{}`)
	return out.String()
}

func TestPlain(t *testing.T) {
	t.Parallel()
	out := play(t, false)
	for _, want := range []string{
		"  started\n", "plan 0 at work, attempt 0", "plan 0 attempt 0 failed: Agent.Throttled: slow down", "plan 0 at work, attempt 1",
		"research 1 at work", "goes on after an interruption, at research", "approve waits", "approve: approved by ada", "  succeeded\n",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is there %d times in\n%s", want, strings.Count(out, want), out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("control sequences outside a terminal")
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	out := play(t, true)
	last := out[strings.LastIndex(out, "A\x1b[2K")+1:]
	for _, want := range []string{"✓ plan", "✓ research", "2 done, ", "✓ approve", "approved by ada, ", "✓ write"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is not in\n%s", want, last)
		}
	}
}

// What an earlier process has seen done is shown as done.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := flow.State{Step: "approve", Status: flow.Running, Results: map[string]task.Body{
		"plan": {Inline: json.RawMessage(`{}`)}, "research": {List: []task.Body{{Inline: json.RawMessage(`1`)}}},
	}}
	line := timeline.New(&out, true, flow.ResearchReport())
	if err := line.Show(flow.Event{Kind: flow.Resumed, At: time.Now()}, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"✓ plan       coordinator  before the interruption", "1 done, before", "· analyze", "▸ approve"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}
