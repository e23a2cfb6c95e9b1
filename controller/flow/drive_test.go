package flow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// answer is what an agent or a person says to one request. Its zero value is silence.
type answer struct {
	output  string // JSON
	ref     *task.Ref
	err     string
	cause   string
	outcome task.Outcome
}

func (a answer) silent() bool { return a == answer{} }

// body is a result as the callback passes it on.
func (a answer) body() task.Body {
	if a.ref != nil {
		return task.Body{Ref: a.ref}
	}
	return task.Body{Inline: json.RawMessage(a.output)}
}

// world says how every attempt ends, always the same for the same attempt.
type world func(step string, index, attempt int) answer

// driver is the smallest engine: it keeps the state as JSON, answers what the machine
// starts, and lets time pass only when nothing else is left to happen.
type driver struct {
	t       testing.TB
	machine *flow.Machine
	world   world
	state   []byte
	now     time.Time
	inbox   []flow.Event // what will be delivered
	events  []flow.Event // what was
	orders  []task.Order
	asked   []task.ApprovalRequest
	stopped []flow.TaskRef
	closed  []string
	dropped []flow.Reason
	running int // tasks at this moment
	most    int // and the most there were
}

func newDriver(t testing.TB, w flow.Workflow, random float64, world world) *driver {
	t.Helper()
	m, err := flow.NewMachine(w, func(task.ID) float64 { return random })
	if err != nil {
		t.Fatal(err)
	}
	return &driver{t: t, machine: m, world: world, now: noon, state: []byte("{}")}
}

// step gives the machine one event, as an engine would: load, step, store, act.
func (d *driver) step(e flow.Event) flow.State {
	d.t.Helper()
	if e.At.IsZero() {
		e.At = d.now
	}
	loaded, err := flow.DecodeState(d.state)
	if err != nil {
		d.t.Fatal(err)
	}
	state, commands, err := d.machine.Step(loaded, e)
	if err != nil {
		d.t.Fatalf("%+v: %v", e, err)
	}
	after, err := loaded.Encode()
	if err != nil || string(d.state) != "{}" && !bytes.Equal(after, d.state) {
		d.t.Fatalf("%s changed the state it was given, %v", e.Kind, err)
	}
	if d.state, err = state.Encode(); err != nil {
		d.t.Fatal(err)
	}
	d.events = append(d.events, e)
	for _, c := range commands {
		d.act(c)
	}
	return state
}

func (d *driver) act(c flow.Command) {
	d.t.Helper()
	switch c.Kind {
	case flow.StartTask:
		order := *c.Order
		order.Token = "token"
		if _, err := order.Encode(); err != nil {
			d.t.Fatalf("the order does not encode: %v", err)
		}
		d.orders = append(d.orders, order)
		d.running++
		d.most = max(d.most, d.running)
		a := d.world(order.Step, order.Index, order.Attempt)
		e := flow.Event{Kind: flow.TaskSucceeded, Step: order.Step, Index: order.Index, Attempt: order.Attempt}
		switch {
		case a.silent():
			return
		case a.err != "":
			e.Kind, e.Error, e.Cause = flow.TaskFailed, a.err, a.cause
		default:
			body := a.body()
			e.Output = &body
		}
		d.inbox = append(d.inbox, e)
	case flow.AskApproval:
		request := *c.Approval
		request.Token = "token"
		if _, err := request.Encode(); err != nil {
			d.t.Fatalf("the request does not encode: %v", err)
		}
		d.asked = append(d.asked, request)
		if a := d.world(request.Step, 0, 0); !a.silent() {
			d.inbox = append(d.inbox, flow.Event{Kind: flow.ApprovalDecided, Step: request.Step, Outcome: a.outcome, By: "ada"})
		}
	case flow.StopTask:
		d.stopped = append(d.stopped, *c.Task)
		d.running--
	case flow.CloseApproval:
		d.closed = append(d.closed, c.Step)
	case flow.Drop:
		d.dropped = append(d.dropped, c.Reason)
	default:
		d.t.Fatalf("unknown command %+v", c)
	}
}

func (d *driver) start(input string) flow.State {
	d.t.Helper()
	return d.step(flow.Event{Kind: flow.Started, Workflow: "wf-1", Input: json.RawMessage(input)})
}

// tick lets time pass until something is due.
func (d *driver) tick(s flow.State) flow.State {
	d.t.Helper()
	at, ok := s.Wake()
	if !ok {
		d.t.Fatalf("nothing will ever happen: %s", d.state)
	}
	d.now = at
	return d.step(flow.Event{Kind: flow.Clock})
}

// finish runs to the end, choosing what happens next by random numbers.
func (d *driver) finish(s flow.State, random *rand.Rand) flow.State {
	d.t.Helper()
	for range 10000 {
		switch {
		case s.Done():
			return s
		case len(d.inbox) == 0:
			s = d.tick(s)
		default:
			i := random.IntN(len(d.inbox))
			e := d.inbox[i]
			d.inbox = slices.Delete(d.inbox, i, i+1)
			if e.Kind != flow.ApprovalDecided {
				d.running--
			}
			s = d.step(e)
		}
	}
	d.t.Fatalf("no end: %s", d.state)
	return s
}

// replay gives the events to a new driver, and returns the state that they end in.
func replay(t testing.TB, w flow.Workflow, random float64, events []flow.Event) string {
	t.Helper()
	d := newDriver(t, w, random, func(string, int, int) answer { return answer{} })
	for _, e := range events {
		d.step(e)
	}
	return string(d.state)
}

// randomWorld answers at random, so that in a map at most the item 1 fails for good:
// which of two failures comes first is no property of a workflow.
func randomWorld(seed uint64) world {
	return func(step string, index, attempt int) answer {
		id := task.NewID(fmt.Sprint(seed), step, index, attempt)
		dice := func(what string) float64 { return flow.JitterByID(task.NewID(string(id), what, 0, 0)) }
		if step == "approve" {
			return []answer{{outcome: task.OutcomeApproved}, {outcome: task.OutcomeRejected}, {}}[int(dice("outcome")*3)]
		}
		mayEnd := index == 0 && step != "research" && step != "each" || index == 1
		switch fate := dice("fate"); {
		case fate < 0.05 && mayEnd:
			return answer{err: task.ErrorRefused, cause: "declined"}
		case fate < 0.20 && (mayEnd || attempt == 0):
			return answer{err: task.ErrorThrottled, cause: "slow down"}
		case fate < 0.25 && (mayEnd || attempt == 0):
			return answer{} // a timeout
		}
		count := int(dice("count") * 6)
		if dice("many") < 0.05 {
			count = 13
		}
		questions := "[" + strings.TrimSuffix(strings.Repeat(`"why < how?",`, count), ",") + "]"
		if dice("bad") < 0.05 {
			questions = `"none"`
		}
		return answer{output: fmt.Sprintf(`{"by":%q,"questions":%s,"verdict":{"sure":%t}}`, step, questions, dice("sure") < 0.3)}
	}
}
