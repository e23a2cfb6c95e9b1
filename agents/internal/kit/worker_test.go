package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/fetch"
	"github.com/aegis-agents/aegis/agents/internal/model"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

// mailbox is a Sender that keeps what is sent.
type mailbox struct{ messages [][]byte }

func (m *mailbox) Send(_ context.Context, message []byte) error {
	m.messages = append(m.messages, message)
	return nil
}

// brokenStore is a store whose calls fail.
type brokenStore struct{ err error }

func (s brokenStore) Put(context.Context, string, string, []byte) error { return s.err }
func (s brokenStore) Get(context.Context, string, int) ([]byte, error)  { return nil, s.err }
func echo(_ context.Context, _ *Run, input json.RawMessage) (string, error) {
	return string(input), nil
}
func fails(context.Context, *Run, json.RawMessage) (string, error) { return "", errors.New("no luck") }
func ends(context.Context, *Run, json.RawMessage) (string, error) {
	return "", failure.New(task.ErrorUnavailable, "the end")
}
func panics(context.Context, *Run, json.RawMessage) (json.RawMessage, error) { panic("a defect") }
func tooLong(context.Context, *Run, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(`"` + strings.Repeat("a", 200) + `"`), nil
}
func notJSON(context.Context, *Run, json.RawMessage) (json.RawMessage, error) {
	return json.RawMessage(`{`), nil
}
func noticing(context.Context, *Run, json.RawMessage) (json.RawMessage, error) {
	return nil, errors.New("odd")
}

// newWorker returns a worker of an agent with one input on the stub.
func newWorker(t *testing.T, change func(w *worker), script string) (*worker, *mailbox) {
	t.Helper()
	parsed, err := model.ParseScript(script)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := task.NewKeyring("k", map[string][]byte{"k": bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		t.Fatal(err)
	}
	s := task.Spec{
		Workflow: "wf", Step: "step", Agent: "tester", Timeout: 60, InlineLimit: 100,
		Input: map[string]task.Body{"topic": {Inline: json.RawMessage(`"heat"`)}},
	}
	deadline := time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	box := &mailbox{}
	w := &worker{
		agent: Agent{
			Name: "tester", Inputs: []Field{{Name: "topic", Kind: Text}}, System: "You test.",
			Instruction: func(Input) string { return "Test." },
			Subject:     func(in Input) string { return in.Text("topic") },
			Schema: func(Input) string {
				return `{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}`
			},
			Tools: []Tool{
				{Name: "echo", Schema: `{"type": "object"}`, Call: echo}, {Name: "fails", Schema: `{"type": "object"}`, Call: fails},
				{Name: "ends", Schema: `{"type": "object"}`, Call: ends},
			},
		},
		settings: settings{maxTokens: defaultMaxTokens}, objects: transport.NewFolder(t.TempDir()), sender: box, fetch: fetch.New(),
		task:  task.Order{Spec: s, Token: "t"}.Task(deadline, ring.Sign(s.ID(), deadline)),
		model: model.NewStub(parsed), log: slog.New(slog.DiscardHandler), backoff: time.Millisecond,
	}
	if change != nil {
		change(w)
	}
	return w, box
}

func TestWorkerAnswers(t *testing.T) {
	t.Parallel()
	denied := func(w *worker) { w.objects = brokenStore{transport.ErrDenied} }
	for name, tc := range map[string]struct {
		change func(w *worker)
		script string
		want   string // a failure's name, or empty for a result
		cause  string
	}{
		"result":               {nil, "", "", ""},
		"tools":                {nil, `{"tools": [{"name": "echo", "input": {}}, {"name": "fails", "input": {}}, {"name": "no", "input": {}}]}`, "", ""},
		"tool that fails":      {nil, `{"tools": [{"name": "ends", "input": {}}]}`, task.ErrorUnavailable, "the end"},
		"panic":                {func(w *worker) { w.agent.Finish = panics }, "", task.ErrorInternal, "panic: a defect"},
		"plain error":          {func(w *worker) { w.agent.Finish = noticing }, "", task.ErrorInternal, "odd"},
		"output is no JSON":    {func(w *worker) { w.agent.Finish = notJSON }, "", task.ErrorInternal, "the answer: "},
		"by reference":         {func(w *worker) { w.agent.Finish = tooLong }, "", "", ""},
		"too long":             {func(w *worker) { w.agent.Finish, w.task.InlineOnly = tooLong, true }, "", task.ErrorOutputTooLarge, "must have at most 100 bytes, got 202"},
		"store denies":         {func(w *worker) { w.agent.Finish = tooLong; denied(w) }, "", task.ErrorAccessDenied, "storing the answer"},
		"store is away":        {func(w *worker) { w.agent.Finish = tooLong; w.objects = brokenStore{errors.New("away")} }, "", task.ErrorUnavailable, "away"},
		"another agent's task": {func(w *worker) { w.task.Agent = "other" }, "", task.ErrorInvalidInput, "the task is for other, this is tester"},
		"bad schema":           {func(w *worker) { w.agent.Schema = func(Input) string { return `{"type": "x"}` } }, "", task.ErrorInternal, "the agent's schema"},
		"no checkpoint to see": {func(w *worker) { w.task.Attempt = 1; denied(w) }, "", "", ""},
		"done before": {func(w *worker) {
			w.agent.Done = func(context.Context, *Run) (json.RawMessage, bool, error) {
				return json.RawMessage(`"before"`), true, nil
			}
		}, `{"access_denied": true}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, box := newWorker(t, tc.change, tc.script)
			if err := w.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(box.messages) != 1 {
				t.Fatalf("got %d messages, want one", len(box.messages))
			}
			if tc.want == "" {
				result, err := task.DecodeResult(box.messages[0])
				if err != nil {
					t.Fatalf("%v: %s", err, box.messages[0])
				}
				if ref := result.Output.Ref; ref != nil {
					object, err := w.objects.Get(t.Context(), transport.ObjectPrefix+ref.Key(), ref.Size)
					if err != nil || ref.Check(object) != nil {
						t.Errorf("the object: %v", err)
					}
				}
				return
			}
			got, err := task.DecodeFailure(box.messages[0])
			if err != nil {
				t.Fatalf("%v: %s", err, box.messages[0])
			}
			if got.Error != tc.want || !strings.Contains(got.Cause, tc.cause) {
				t.Errorf("got %s: %s, want %s: %s", got.Error, got.Cause, tc.want, tc.cause)
			}
		})
	}
}

// A model that was busy until the attempt gave up has not lost the conversation.
func TestCheckpointIsTheSameTasks(t *testing.T) {
	t.Parallel()
	folder := transport.NewFolder(t.TempDir())
	attempt := func(n int, script string, change func(w *worker)) *conversation {
		w, _ := newWorker(t, change, script)
		w.objects, w.task.Attempt = folder, n
		talk := &conversation{}
		_, err := w.output(t.Context(), talk)
		if err != nil && keepsWork(err) {
			w.checkpoint(t.Context(), talk)
		}
		return talk
	}
	const stuck = `{"tools": [{"name": "echo", "input": {"a": 1}}, {"name": "ends", "input": {}}]}`
	first := attempt(0, stuck, nil)
	if len(first.Messages) != 3 {
		t.Fatalf("got %d messages, want 3", len(first.Messages))
	}
	for name, tc := range map[string]struct {
		change func(w *worker)
		spent  bool
	}{
		"same":          {nil, true},
		"another input": {func(w *worker) { w.task.Input = map[string]task.Body{"topic": {Inline: json.RawMessage(`"cold"`)}} }, false},
		"another agent": {func(w *worker) { w.agent.Name, w.task.Agent = "other", "other" }, false},
	} {
		second := attempt(1, "", tc.change)
		if (second.Spent > 0) != tc.spent {
			t.Errorf("%s: %d tokens spent before, want some: %v", name, second.Spent, tc.spent)
		}
	}
	if got := attempt(0, "", nil); got.Spent != 0 {
		t.Error("a first attempt went on with something")
	}
	w, _ := newWorker(t, nil, "")
	if err := folder.Put(t.Context(), checkpointKey(w.task), "", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if got := attempt(1, "", nil); got.Spent != 0 || len(got.Messages) != 1 {
		t.Errorf("a broken checkpoint: got %+v, want a new beginning", got)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for try, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 4: 16 * time.Second, 5: maxBackoff, 99: maxBackoff} {
		for range 20 {
			if got := pause(time.Second, try); got < most/2 || got > most {
				t.Errorf("try %d: got %s, want from %s to %s", try, got, most/2, most)
			}
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 18, "a": 1, strings.Repeat("ü", task.MaxCause): task.MaxCause, "a" + strings.Repeat("ü", task.MaxCause): task.MaxCause - 1} {
		if got := sentence(errors.New(text), false); len(got) != want {
			t.Errorf("%.10q: got %d bytes, want %d", text, len(got), want)
		}
	}
	if got := sentence(errors.New("a"), true); got != "SIMULATED: a" {
		t.Errorf("got %q of the stub, want it marked", got)
	}
}
