package checker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/checker"
	"github.com/aegis-agents/aegis/controller/internal/simtest"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const input = `{"topic":"tides"}`

// hanging returns a world in which the first task has been started and hangs.
func hanging(t *testing.T) (*simtest.World, task.Task) {
	t.Helper()
	w := simtest.New(t, simtest.Options{Agent: func(task.Task) simtest.Work { return simtest.Work{Hangs: true} }})
	w.Start("wf-1", input)
	w.Step()
	return w, w.Runner.Tasks()[0]
}

func run(t *testing.T, w *simtest.World) checker.Report {
	t.Helper()
	r, err := w.Checker.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func record(t *testing.T, w *simtest.World, id task.ID) store.Task {
	t.Helper()
	stored, err := w.Store.Task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func stopped(t *testing.T, w *simtest.World, run string) bool {
	t.Helper()
	status, err := w.Runner.Describe(t.Context(), []string{run})
	if err != nil {
		t.Fatal(err)
	}
	return status[run].Stopped
}

func TestStoppedRun(t *testing.T) {
	t.Parallel()
	w, given := hanging(t)
	w.Runner.Exit(record(t, w, given.ID).Run, "OutOfMemoryError")
	// Its answer may be on its way.
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("at once: got %+v", r)
	}
	w.Clock.Pass(time.Minute)
	if r := run(t, w); r != (checker.Report{Stopped: 1}) {
		t.Errorf("got %+v", r)
	}
	stored := record(t, w, given.ID)
	if stored.Status != store.TaskClosed || stored.Answer.Error != task.ErrorStopped || !strings.Contains(stored.Answer.Cause, "OutOfMemoryError") {
		t.Errorf("got %+v", stored)
	}
	if state := w.Engine.State("wf-1"); state.Tasks[0].Phase != flow.TaskBackoff {
		t.Errorf("want the engine to try again, got %+v", state.Tasks)
	}
}

func TestSilentRun(t *testing.T) {
	t.Parallel()
	w, given := hanging(t)
	w.Clock.Pass(8 * time.Minute)
	stopsAfter(t, w, given.ID, time.Minute)
}

// stopsAfter wants a task that is left alone yet, and after a while closed and its
// run stopped.
func stopsAfter(t *testing.T, w *simtest.World, id task.ID, while time.Duration) {
	t.Helper()
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("a run that may still be heard of: got %+v", r)
	}
	w.Clock.Pass(while)
	if r := run(t, w); r != (checker.Report{Stopped: 1}) {
		t.Errorf("got %+v", r)
	}
	if stored := record(t, w, id); stored.Status != store.TaskClosed || !stopped(t, w, stored.Run) {
		t.Errorf("want it closed and its run stopped, got %+v", stored)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	f := flow.Workflow{Name: "plain", Comment: "A task without heartbeats.", Steps: []flow.Step{
		{Name: "only", Agent: &flow.Run{Next: "done", Task: flow.Task{Agent: flow.Analyst, Timeout: flow.Minute}}},
		{Name: "done", Succeed: &flow.Succeed{}},
	}}
	w := simtest.New(t, simtest.Options{
		Flows: []flow.Workflow{f}, Agent: func(task.Task) simtest.Work { return simtest.Work{Hangs: true} },
	})
	if err := w.Engine.Start(t.Context(), "plain", "wf-1", []byte(`{}`)); err != nil { // past the controller
		t.Fatal(err)
	}
	w.Step()
	given := w.Runner.Tasks()[0]
	w.Clock.Pass(11 * time.Minute)
	stopsAfter(t, w, given.ID, time.Second) // within the grace, and after it
}

func TestNeverStarted(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{Plan: func(_ int, name string) simtest.Fault {
		if name == "Runner.Run" {
			return simtest.Before
		}
		return simtest.None
	}})
	w.Start("wf-1", input)
	messages, err := w.Tasks.Receive(t.Context(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Dispatch.Handle(t.Context(), messages[0].Body, time.Time{}); err == nil {
		t.Fatal("want it to fail")
	}
	w.Clock.Pass(5*time.Minute - time.Second)
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("too early: got %+v", r)
	}
	w.Clock.Pass(time.Second)
	if r := run(t, w); r != (checker.Report{Stopped: 1}) {
		t.Errorf("got %+v", r)
	}
}

func TestUndelivered(t *testing.T) {
	t.Parallel()
	w, given := hanging(t)
	body := task.Body{Inline: []byte(`{"questions":["why?"]}`)}
	if _, _, err := w.Store.AnswerTask(t.Context(), given.ID, store.Answer{Output: &body}); err != nil {
		t.Fatal(err)
	}
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("at once: got %+v", r)
	}
	w.Clock.Pass(30 * time.Second)
	if r := run(t, w); r != (checker.Report{Delivered: 1}) {
		t.Errorf("got %+v", r)
	}
	if step := w.Engine.State("wf-1").Step; step != "research" {
		t.Errorf("got %s", step)
	}
}

func TestWorkflows(t *testing.T) {
	t.Parallel()
	w, given := hanging(t)
	if err := w.Engine.Cancel(t.Context(), "research-report", "wf-1", "by hand"); err != nil {
		t.Fatal(err)
	}
	if r := run(t, w); r != (checker.Report{Ended: 1}) {
		t.Errorf("got %+v", r)
	}
	got, err := w.Store.Workflow(t.Context(), "wf-1")
	if err != nil || got.Status != flow.Cancelled || got.Cause != "by hand" {
		t.Errorf("got %+v, %v", got, err)
	}
	if stored := record(t, w, given.ID); stored.Status != store.TaskClosed || !stopped(t, w, stored.Run) {
		t.Errorf("want it closed and its run stopped, got %+v", stored)
	}
	// Recorded, and never started.
	const input = `{"topic":"tides","questions":5,"approval":true}`
	if _, _, err := w.Store.PutWorkflow(t.Context(), store.Workflow{ID: "wf-2", Flow: "research-report", Input: []byte(input)}); err != nil {
		t.Fatal(err)
	}
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("at once: got %+v", r)
	}
	w.Clock.Pass(5 * time.Minute)
	if r := run(t, w); r != (checker.Report{Started: 1}) {
		t.Errorf("got %+v", r)
	}
	// Unknown to the engine for a day.
	if _, _, err := w.Store.PutWorkflow(t.Context(), store.Workflow{
		ID: "wf-3", Flow: "research-report", Input: []byte(input), Created: w.Clock.Now().Add(-25 * time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	if r := run(t, w); r != (checker.Report{Ended: 1}) {
		t.Errorf("got %+v", r)
	}
	if got, err = w.Store.Workflow(t.Context(), "wf-3"); err != nil || got.Status != flow.Failed || got.Error != checker.ErrorLost {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	ask := func() *simtest.World {
		w := simtest.New(t, simtest.Options{})
		w.Start("wf-1", input)
		for w.Step() {
		}
		return w
	}
	w := ask()
	if r := run(t, w); r != (checker.Report{}) {
		t.Errorf("one that waits: got %+v", r)
	}
	if _, _, err := w.Store.Decide(t.Context(), task.Decision{
		Workflow: "wf-1", Step: "approve", Decision: task.OutcomeRejected, By: "ada", At: w.Clock.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	w.Clock.Pass(30 * time.Second)
	if r := run(t, w); r != (checker.Report{Delivered: 1, Ended: 1}) {
		t.Errorf("a decision that was not delivered: got %+v", r)
	}
	if got := w.Engine.State("wf-1"); got.Error != "Approval.Rejected" {
		t.Errorf("got %+v", got)
	}
	w = ask()
	w.Clock.Pass(72 * time.Hour)
	if r := run(t, w); r != (checker.Report{Expired: 1}) {
		t.Errorf("expired: got %+v", r)
	}
	a, err := w.Store.Approval(t.Context(), "wf-1", "approve")
	if err != nil || a.Decision == nil || a.Decision.Decision != task.OutcomeExpired || !a.Delivered {
		t.Errorf("got %+v, %v", a, err)
	}
	w.Finish("wf-1")
	w.Verify("wf-1")
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	w := simtest.New(t, simtest.Options{})
	w.Start("wf-1", input)
	messages, err := w.Tasks.Receive(t.Context(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	send := func(bodies ...string) {
		t.Helper()
		for _, body := range bodies {
			if err := w.DeadTasks.Send(t.Context(), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(string(messages[0].Body), string(messages[0].Body), "{")
	r := run(t, w)
	if r != (checker.Report{Stopped: 1, DeadLetters: 3, Problems: 1}) {
		t.Errorf("got %+v", r)
	}
	o, err := task.DecodeOrder(messages[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	if stored := record(t, w, o.ID()); stored.Status != store.TaskClosed || stored.Answer.Error != task.ErrorDeadLetter {
		t.Errorf("got %+v", stored)
	}
	if left := w.DeadTasks.Len(); left != 1 {
		t.Errorf("want the one that nobody can read left, got %d", left)
	}

	// One of a task that runs, and one of a workflow that has ended, are of no concern.
	w, given := hanging(t)
	o = task.Order{Spec: given.Spec, Token: record(t, w, given.ID).Token.Token}
	message, err := o.Encode()
	if err != nil {
		t.Fatal(err)
	}
	send(string(message))
	if r := run(t, w); r != (checker.Report{DeadLetters: 1}) || record(t, w, given.ID).Status != store.TaskOpen {
		t.Errorf("it runs: got %+v", r)
	}
	if _, err := w.Control.Cancel(t.Context(), "wf-1", "", ""); err != nil {
		t.Fatal(err)
	}
	send(string(message))
	if r := run(t, w); r != (checker.Report{DeadLetters: 1}) || w.DeadTasks.Len() != 0 {
		t.Errorf("it has ended: got %+v", r)
	}
}

func TestDeadLettersOfAgents(t *testing.T) {
	t.Parallel()
	w, given := hanging(t)
	m, err := task.Result{TaskID: given.ID, MAC: given.MAC, Output: task.Body{Inline: []byte(`{"questions":["why?"]}`)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{string(m), string(m), "{"} {
		if err := w.DeadAnswers.Send(t.Context(), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if r := run(t, w); r != (checker.Report{DeadLetters: 3}) {
		t.Errorf("got %+v", r)
	}
	if step := w.Engine.State("wf-1").Step; step != "research" || w.DeadAnswers.Len() != 1 {
		t.Errorf("got %s, %d left", step, w.DeadAnswers.Len())
	}
}

// What fails for one keeps the others from nothing; and the next pass makes up for it.
func TestOneProblem(t *testing.T) {
	t.Parallel()
	failing := false
	w := simtest.New(t, simtest.Options{
		Agent: func(task.Task) simtest.Work { return simtest.Work{Hangs: true} },
		Plan: func(_ int, name string) simtest.Fault {
			if failing && name == "Runner.Stop" {
				failing = false
				return simtest.Before
			}
			return simtest.None
		},
	})
	const many = 250 // more than a page
	for i := range many {
		w.Start(fmt.Sprintf("wf-%d", i), input)
	}
	for w.Step() {
	}
	w.Clock.Pass(9 * time.Minute)
	failing = true
	if r := run(t, w); r != (checker.Report{Stopped: many - 1, Problems: 1}) {
		t.Errorf("got %+v", r)
	}
	if r := run(t, w); r != (checker.Report{Stopped: 1}) {
		t.Errorf("the next: got %+v", r)
	}
}

// A pass is bounded, and the next goes on where it ended.
func TestLimit(t *testing.T) {
	t.Parallel()
	w, _ := hanging(t)
	for i := range 24 {
		w.Start(fmt.Sprintf("wf-1-%d", i), input)
	}
	for w.Step() {
	}
	config := w.Checker.Config
	config.Limit = 10
	c := checker.New(config)
	for _, silent := range []bool{false, true} { // what stays in the list, and what does not
		if silent {
			w.Clock.Pass(9 * time.Minute)
		}
		var got []int
		for range 3 {
			r, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Stopped)
		}
		if want := fmt.Sprint([]int{10, 10, 5}); silent && fmt.Sprint(got) != want {
			t.Errorf("want %s, got %v", want, got)
		}
	}
}

// A list that cannot be read is an error, and the others are read.
func TestListsThatFail(t *testing.T) {
	t.Parallel()
	failing := false
	w := simtest.New(t, simtest.Options{Plan: func(_ int, name string) simtest.Fault {
		if failing && (name == "Table.Query" || name == "Queue.Receive") {
			return simtest.Before
		}
		return simtest.None
	}})
	w.Start("wf-1", input)
	failing = true
	_, err := w.Checker.Run(t.Context())
	if !errors.Is(err, simtest.ErrInjected) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"letters of callbacks", "letters of tasks", "answered tasks", "open tasks", "open approvals", "running workflows"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	failing = false
	w.Finish("wf-1")
}
