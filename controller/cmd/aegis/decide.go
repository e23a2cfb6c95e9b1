package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/task"
)

// ask asks for the decision in a terminal, and returns where the answers will be.
// Elsewhere it says how to decide.
func (d *demo) ask(ctx context.Context, id, step, prompt string) (<-chan task.Outcome, error) {
	switch {
	case d.yes:
		return nil, d.decided(ctx, id, step, task.OutcomeApproved)
	case !d.terminal(d.in):
		return nil, d.later(id, prompt)
	}
	return answers(ctx, d.in), d.print("\n%s [y/n] ", prompt)
}

// answered acts on an answer, or asks again when it is none. open is false when
// there will be no more: the workflow waits until somebody decides elsewhere.
func (d *demo) answered(ctx context.Context, id, step, prompt string, outcome task.Outcome, open bool) error {
	switch {
	case !open:
		return d.later(id, "\n"+prompt)
	case outcome == "":
		return d.print("Please answer y (yes) to approve or n (no) to reject.\n%s [y/n] ", prompt)
	}
	return d.decided(ctx, id, step, outcome)
}

// later says how to decide without being asked.
func (d *demo) later(id, prompt string) error {
	return d.print("%s\nDecide in another terminal: %s --data-dir %s approve %s\n",
		prompt, shellQuote(os.Args[0]), shellQuote(d.host.dir.Path()), shellQuote(id))
}

// answers reads lines until one is an answer. One that is none becomes an empty
// outcome; the channel is closed at the end of the input.
func answers(ctx context.Context, in io.Reader) <-chan task.Outcome {
	found := make(chan task.Outcome)
	go func() {
		defer close(found)
		lines := bufio.NewReader(in)
		for {
			// Reading cannot be interrupted; the process ends soon after ctx does.
			text, err := lines.ReadString('\n')
			if err != nil && text == "" {
				return
			}
			outcome := outcomeOf(text)
			select {
			case found <- outcome:
			case <-ctx.Done():
				return
			}
			if err != nil || outcome != "" {
				return
			}
		}
	}()
	return found
}

// outcomeOf is what an answer means, empty for one that is neither yes nor no.
func outcomeOf(text string) task.Outcome {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return task.OutcomeApproved
	case "n", "no":
		return task.OutcomeRejected
	}
	return ""
}

// decided decides as soon as the request is recorded.
func (d *demo) decided(ctx context.Context, id, step string, outcome task.Outcome) error {
	for {
		_, err := d.host.node.Control.Decide(ctx, id, step, outcome, me(), "")
		refused, ok := errors.AsType[*control.Error](err)
		switch {
		case ok && refused.Code == control.UnknownApproval:
			// The request is on its way.
		case ok && refused.Code == control.AlreadyDecided:
			return d.print("%s\n", refused.Message)
		default:
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// terminal is whether a stream is one that a person sits at.
func (*demo) terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
