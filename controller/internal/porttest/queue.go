package porttest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Queue runs the suite of port.Queue. open returns an empty queue for each test,
// whose messages stay hidden for visibility once received: a second or less.
func Queue(t *testing.T, visibility time.Duration, open func(t *testing.T) port.Queue) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, port.Queue){
		"delivers":     queueDelivers,
		"again":        func(t *testing.T, q port.Queue) { queueAgain(t, q, visibility) },
		"waits":        queueWaits,
		"many":         queueMany,
		"large":        queueLarge,
		"refusals":     queueRefusals,
		"old receipts": func(t *testing.T, q port.Queue) { queueOldReceipts(t, q, visibility) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func send(t *testing.T, q port.Queue, body string) {
	t.Helper()
	if err := q.Send(t.Context(), []byte(body)); err != nil {
		t.Fatalf("Send: %v", err)
	}
}

// receive returns one message, which has to come until the deadline.
func receive(t *testing.T, q port.Queue, within time.Duration) port.Message {
	t.Helper()
	for deadline := time.Now().Add(within); ; {
		messages, err := q.Receive(t.Context(), 1, time.Second)
		if err != nil {
			t.Fatalf("Receive: %v", err)
		}
		if len(messages) == 1 {
			return messages[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("no message within %s", within)
		}
	}
}

func queueDelivers(t *testing.T, q port.Queue) {
	const body = `{"text":"é <&> \n"}`
	send(t, q, body)
	m := receive(t, q, 5*time.Second)
	if string(m.Body) != body || m.ID == "" || m.Receipt == "" || m.Receives != 1 {
		t.Errorf("got %+v", m)
	}
	if age := time.Since(m.Sent); age < -2*time.Second || age > time.Minute {
		t.Errorf("sent %s ago", age)
	}
	if err := q.Delete(t.Context(), m); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := q.Delete(t.Context(), m); err != nil {
		t.Errorf("Delete again: %v", err)
	}
}

func queueAgain(t *testing.T, q port.Queue, visibility time.Duration) {
	send(t, q, "x")
	first := receive(t, q, 5*time.Second)
	second := receive(t, q, visibility+5*time.Second)
	if second.ID != first.ID || second.Receives != 2 || string(second.Body) != "x" {
		t.Errorf("delivered %+v, then %+v", first, second)
	}
	if err := q.Delete(t.Context(), second); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if messages, err := q.Receive(t.Context(), 10, visibility+time.Second); err != nil || len(messages) != 0 {
		t.Errorf("after Delete: %d messages, %v", len(messages), err)
	}
}

func queueWaits(t *testing.T, q port.Queue) {
	if messages, err := q.Receive(t.Context(), 10, 0); err != nil || len(messages) != 0 {
		t.Errorf("of an empty queue: %d messages, %v", len(messages), err)
	}
	got := make(chan port.Message, 1)
	go func() {
		messages, err := q.Receive(t.Context(), 1, 10*time.Second)
		if err != nil || len(messages) != 1 {
			t.Errorf("Receive: %d messages, %v", len(messages), err)
			messages = make([]port.Message, 1)
		}
		got <- messages[0]
	}()
	send(t, q, "late")
	if m := <-got; string(m.Body) != "late" {
		t.Errorf("got %q", m.Body)
	}
}

func queueMany(t *testing.T, q port.Queue) {
	const n = 25
	for i := range n {
		send(t, q, fmt.Sprint("message ", i))
	}
	seen := map[string]bool{}
	for deadline := time.Now().Add(20 * time.Second); len(seen) < n && time.Now().Before(deadline); {
		messages, err := q.Receive(t.Context(), 10, time.Second)
		if err != nil || len(messages) > 10 {
			t.Fatalf("Receive: %d messages, %v", len(messages), err)
		}
		for _, m := range messages {
			seen[string(m.Body)] = true
			if err := q.Delete(t.Context(), m); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d messages", len(seen), n)
	}
}

func queueLarge(t *testing.T, q port.Queue) {
	body := strings.Repeat("x", task.MaxMessage)
	send(t, q, body)
	if m := receive(t, q, 5*time.Second); string(m.Body) != body {
		t.Errorf("got %d bytes", len(m.Body))
	}
}

func queueRefusals(t *testing.T, q port.Queue) {
	if err := q.Send(t.Context(), make([]byte, task.MaxMessage+1)); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("a message that is too large: %v", err)
	}
	if err := q.Send(t.Context(), nil); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("an empty message: %v", err)
	}
	for _, limit := range []int{0, 11} {
		if _, err := q.Receive(t.Context(), limit, 0); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("%d messages: %v", limit, err)
		}
	}
	for _, wait := range []time.Duration{-1, 21 * time.Second} {
		if _, err := q.Receive(t.Context(), 1, wait); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("waiting %s: %v", wait, err)
		}
	}
}

func queueOldReceipts(t *testing.T, q port.Queue, visibility time.Duration) {
	send(t, q, "x")
	first := receive(t, q, 5*time.Second)
	second := receive(t, q, visibility+5*time.Second)
	for _, m := range []port.Message{first, second} {
		if err := q.Delete(t.Context(), m); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
}
