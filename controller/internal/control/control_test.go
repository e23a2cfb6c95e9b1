package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/task"
)

const input = `{"topic":"tides"}`

// asked returns a world with a workflow that waits for an approval.
func asked(t *testing.T) *simtest.World {
	const id = "wf-1"
	t.Helper()
	w := simtest.New(t, simtest.Options{})
	w.Start(id, input)
	for w.Step() {
	}
	if step := w.Engine.State(id).Step; step != "approve" {
		t.Fatalf("got %s", step)
	}
	return w
}

// ask sends a request in both ways, which must give the same, and returns the answer.
func ask(t *testing.T, w *simtest.World, request string) (status int, body string) {
	t.Helper()
	h := api.NewHandler("v1", slog.New(slog.NewTextHandler(io.Discard, nil)), w.Control.Actions()...)
	direct, err := h.Invoke(t.Context(), []byte(request))
	if err != nil {
		t.Fatal(err)
	}
	var answer api.Answer
	if err := json.Unmarshal(direct, &answer); err != nil {
		t.Fatal(err)
	}
	var event events.LambdaFunctionURLRequest
	event.RequestContext.HTTP.Method, event.Body = http.MethodPost, request
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	url, err := h.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var response events.LambdaFunctionURLResponse
	if err := json.Unmarshal(url, &response); err != nil {
		t.Fatal(err)
	}
	// A start that is asked for again is 200 instead of 201.
	if answer.Status >= 400 && (response.StatusCode != answer.Status || response.Body != string(direct)) {
		t.Errorf("by URL: want %d %s, got %d %s", answer.Status, direct, response.StatusCode, response.Body)
	}
	return answer.Status, string(direct)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := asked(t)
	before := len(w.Calls())
	for name, tc := range map[string]struct {
		request string
		status  int
		want    string
	}{
		"not JSON":           {`{"action":`, 400, "the request must be JSON"},
		"5 MB":               {`{"action":"start","input":{"topic":"` + strings.Repeat("x", 5<<20) + `"}}`, 400, "request_too_large"},
		"unknown field":      {`{"action":"start","inputs":{}}`, 400, `unknown field \"inputs\"`},
		"wrong type":         {`{"action":"start","id":1}`, 400, `field \"id\" must be string, got number`},
		"all problems":       {`{"action":"start","flow":"report","id":"a b"}`, 400, `flow: must be one of research-report, got \"report\"; id: must`},
		"no input":           {`{"action":"start"}`, 400, "topic"},
		"bad input":          {`{"action":"start","id":"","input":{"topic":1,"questions":99,"extra":true}}`, 400, "questions"},
		"get without":        {`{"action":"get"}`, 400, "workflow: must"},
		"get with more":      {`{"action":"get","workflow":"wf-1","id":"x"}`, 400, "unknown field"},
		"get unknown":        {`{"action":"get","workflow":"wf-2"}`, 404, `"code":"unknown_workflow","message":"there is no workflow \"wf-2\""`},
		"cancel unknown":     {`{"action":"cancel","workflow":"wf-2"}`, 404, "unknown_workflow"},
		"cancel, long":       {`{"action":"cancel","workflow":"wf-1","comment":"` + strings.Repeat("x", 2001) + `"}`, 400, "comment: must have at most 2000 bytes, got 2001"},
		"approve unknown":    {`{"action":"approve","workflow":"wf-2","step":"approve","by":"ada"}`, 404, "unknown_workflow"},
		"approve other step": {`{"action":"reject","workflow":"wf-1","step":"plan","by":"ada"}`, 404, "unknown_approval"},
		"approve, all wrong": {`{"action":"approve","workflow":"a b","step":"A"}`, 400, "workflow: must"},
		"approve, no one":    {`{"action":"approve","workflow":"wf-1","step":"approve"}`, 400, "by: must be set"},
		"list, all wrong":    {`{"action":"list","status":"done","limit":101}`, 400, `status: must be one of [running succeeded failed timed_out cancelled], got \"done\"; limit: must be from 1 to 100, got 101`},
		"list, cursor":       {`{"action":"list","cursor":"x"}`, 400, "cursor: must be next of a list with the same status"},
		"other input":        {`{"action":"start","id":"wf-1","input":{"topic":"moons"}}`, 409, "workflow_exists"},
	} {
		status, body := ask(t, w, tc.request)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: want %d with %s, got %d %s", name, tc.status, tc.want, status, body)
		}
	}
	for _, call := range w.Calls()[before:] {
		// The other input is found by a write that the record that is there refuses.
		if call != "Table.Get" && call != "Table.Query" && call != "Table.Put" && call != "Engine.Describe" {
			t.Errorf("a refused request called %s", call)
		}
	}
	v, err := w.Control.Get(t.Context(), "wf-1")
	if err != nil || v.Workflow.Status != flow.Running || len(v.Approvals) != 1 || v.Approvals[0].Decision != nil {
		t.Errorf("got %+v, %v", v, err)
	}
	if list, _, err := w.Control.List(t.Context(), control.ListRequest{}); err != nil || len(list) != 1 {
		t.Errorf("want one workflow, got %v, %v", list, err)
	}
}

func TestStartAgain(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{})
	for i, want := range []int{201, 200} {
		// The same value in other words: the order of fields, and a default.
		request := []string{
			`{"action":"start","id":"wf-1","input":{"topic":"a < b","questions":5}}`,
			`{"action":"start","id":"wf-1","flow":"research-report","input":{ "topic":"a < b" }}`,
		}[i]
		h := api.NewHandler("v1", slog.New(slog.NewTextHandler(io.Discard, nil)), w.Control.Actions()...)
		out, err := h.Invoke(t.Context(), []byte(request))
		if err != nil || !strings.Contains(string(out), fmt.Sprintf(`{"status":%d,"action":"start","ok":true`, want)) {
			t.Errorf("want %d, got %s, %v", want, out, err)
		}
	}
	w.Finish("wf-1")
	if got, started, err := w.Control.Start(t.Context(), control.StartRequest{ID: "wf-1", Input: json.RawMessage(`{"topic":"a < b"}`)}); err != nil || started || got.Status != flow.Succeeded {
		t.Errorf("after the end: got %+v %t %v", got, started, err)
	}
	if runs := len(w.Runner.Tasks()); runs != 6 {
		t.Errorf("want 6 runs, got %d", runs)
	}
	random, started, err := w.Control.Start(t.Context(), control.StartRequest{Input: json.RawMessage(input)})
	if err != nil || !started || len(random.ID) < 20 {
		t.Errorf("without an id: got %+v %t %v", random, started, err)
	}
}

func TestApprovalsRace(t *testing.T) {
	t.Parallel()
	for range 50 {
		w := asked(t)
		var running sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			running.Go(func() {
				outcome := []task.Outcome{task.OutcomeApproved, task.OutcomeRejected}[i%2]
				_, errs[i] = w.Control.Decide(t.Context(), "wf-1", "approve", outcome, fmt.Sprintf("person %d", i), "")
			})
		}
		running.Wait()
		a, err := w.Store.Approval(t.Context(), "wf-1", "approve")
		if err != nil || a.Decision == nil || !a.Delivered {
			t.Fatalf("got %+v, %v", a, err)
		}
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				if want := fmt.Sprintf("person %d", i); a.Decision.By != want {
					t.Errorf("want %s, got %+v", want, a.Decision)
				}
				continue
			}
			refused, ok := errors.AsType[*control.Error](err)
			if !ok || refused.Status != 409 || refused.Code != control.AlreadyDecided || refused.Decision == nil || refused.Decision.By != a.Decision.By {
				t.Errorf("want to be told %+v, got %+v", a.Decision, err)
			}
		}
		if won != 1 {
			t.Fatalf("want one to win, got %d", won)
		}
		if d, ok := w.Engine.State("wf-1").Decision("approve"); !ok || d.By != a.Decision.By || d.Decision != a.Decision.Decision {
			t.Errorf("the engine has %+v, the record %+v", d, a.Decision)
		}
	}
}

func TestDecideAgain(t *testing.T) {
	t.Parallel()
	w := asked(t)
	const approve = `{"action":"approve","workflow":"wf-1","step":"approve","by":"ada","comment":"good"}`
	for range 2 {
		if status, body := ask(t, w, approve); status != 200 || !strings.Contains(body, `"decision":"approved","by":"ada","comment":"good"`) {
			t.Errorf("got %d %s", status, body)
		}
	}
	status, body := ask(t, w, `{"action":"reject","workflow":"wf-1","step":"approve","by":"bob"}`)
	if status != 409 || !strings.Contains(body, "already_decided") || !strings.Contains(body, "approved by ada at 2026-01-31T12:00:00Z") ||
		!strings.Contains(body, `"by":"ada"`) {
		t.Errorf("want to be told the first, got %d %s", status, body)
	}
	w.Finish("wf-1")
	if spare := w.Verify("wf-1"); spare != 0 {
		t.Errorf("got %d spare results", spare)
	}
}

// The engine goes on, by itself or told by somebody else, between the check and the decision.
func TestDecideOvertaken(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(w *simtest.World) error
		code      api.Code // empty: it counts
	}{
		"a repeated request was faster": {func(w *simtest.World) error {
			a, err := w.Store.Approval(context.Background(), "wf-1", "approve")
			if err == nil {
				_, err = w.Dispatch.Settler.Decision(context.Background(), a)
			}
			return err
		}, ""},
		"cancelled": {func(w *simtest.World) error {
			return w.Engine.Cancel(context.Background(), "research-report", "wf-1", "")
		}, control.WorkflowEnded},
		"expired by its own clock": {func(w *simtest.World) error {
			w.Clock.Pass(time.Second)
			return w.Engine.Tick(context.Background())
		}, control.NotWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *simtest.World
			armed := false
			w = simtest.New(t, simtest.Options{Before: func(call string) {
				if armed && call == "Engine.Succeed" {
					armed = false
					if err := tc.meanwhile(w); err != nil {
						t.Error(err)
					}
				}
			}})
			w.Start("wf-1", input)
			for w.Step() {
			}
			if tc.code == control.NotWaiting {
				w.Clock.Pass(72*time.Hour - time.Second)
			}
			armed = true
			d, err := w.Control.Decide(t.Context(), "wf-1", "approve", task.OutcomeApproved, "ada", "")
			refused, _ := errors.AsType[*control.Error](err)
			if tc.code == "" && (err != nil || d.By != "ada") || tc.code != "" && (refused == nil || refused.Code != tc.code) {
				t.Errorf("want %q, got %+v, %v", tc.code, d, err)
			}
			w.Finish("wf-1")
		})
	}
}

func TestDecideTooLate(t *testing.T) {
	t.Parallel()
	const approve = `{"action":"approve","workflow":"wf-1","step":"approve","by":"ada"}`
	for name, tc := range map[string]struct {
		before func(w *simtest.World)
		status int
		want   string
	}{
		"expired, the engine has not noticed": {func(w *simtest.World) { w.Clock.Pass(72 * time.Hour) }, 410, "approval_expired"},
		"expired, and the workflow has ended": {func(w *simtest.World) {
			w.Clock.Pass(72 * time.Hour)
			if err := w.Engine.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		}, 410, "approval_expired"},
		"expired, and recorded": {func(w *simtest.World) {
			w.Clock.Pass(72 * time.Hour)
			w.Step()
			w.Step()
		}, 410, `"decision":"expired"`},
		"cancelled": {func(w *simtest.World) {
			if got, err := w.Control.Cancel(context.Background(), "wf-1", "bob", "wrong topic"); err != nil || got.Status != flow.Cancelled {
				t.Errorf("got %+v, %v", got, err)
			}
		}, 409, `workflow \"wf-1\" has ended: it has cancelled`},
		"cancelled past us": {func(w *simtest.World) {
			if err := w.Engine.Cancel(context.Background(), "research-report", "wf-1", "by hand"); err != nil {
				t.Error(err)
			}
		}, 409, "workflow_ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := asked(t)
			tc.before(w)
			status, body := ask(t, w, approve)
			if status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("want %d with %s, got %d %s", tc.status, tc.want, status, body)
			}
			a, err := w.Store.Approval(t.Context(), "wf-1", "approve")
			if err != nil || a.Decision != nil && a.Decision.Decision != task.OutcomeExpired {
				t.Errorf("got %+v, %v", a.Decision, err)
			}
			w.Finish("wf-1")
			w.Verify("wf-1")
		})
	}
}
