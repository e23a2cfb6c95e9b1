package synth

import (
	"fmt"
	"strings"
)

// Problem is one mistake that a construct reported.
type Problem struct {
	Path    string // construct path, e.g. "orders/api"
	Message string // e.g. "MemoryMiB: must be from 128 to 10240, got 64"
}

// Error is why an app was not synthesized.
type Error struct {
	// Problems are the mistakes of all constructs of all stacks.
	Problems []Problem
	// Exception is what ended the run early, if anything did: a construct id
	// that is taken, a required field that is missing. Nil otherwise.
	Exception error
}

// Error lists every mistake on a line of its own, paths aligned.
func (e *Error) Error() string {
	if len(e.Problems) == 0 {
		return fmt.Sprintf("synth failed: %v", e.Exception)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "synth failed: %s in %s", count(len(e.Problems), "error"), count(e.constructs(), "construct"))
	if e.Exception != nil {
		b.WriteString(", and an exception that kept the rest from being checked")
	}
	list(&b, e.Problems)
	if e.Exception != nil {
		fmt.Fprintf(&b, "\n  %s", indent(e.Exception.Error(), 2))
	}
	return b.String()
}

const (
	// longMessage is from how many bytes on a message is not repeated for other
	// constructs: such a one mostly has a cause outside of them.
	longMessage = 80
	repeated    = "the same as above"
)

// list writes a line for each problem, paths aligned. A message of several
// lines stays in its own column. Problems with the same long message, which
// appears once, follow each other.
func list(b *strings.Builder, problems []Problem) {
	width := 0
	same := map[string][]Problem{}
	for _, p := range problems {
		width = max(width, len(p.Path))
		same[p.Message] = append(same[p.Message], p)
	}
	write := func(p Problem, message string) {
		fmt.Fprintf(b, "\n  %-*s  %s", width, p.Path, indent(message, width+4))
	}
	for _, p := range problems {
		if len(p.Message) < longMessage {
			write(p, p.Message)
			continue
		}
		for i, other := range same[p.Message] {
			message := p.Message
			if i > 0 {
				message = repeated
			}
			write(other, message)
		}
		delete(same, p.Message)
	}
}

func indent(text string, by int) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", by))
}

// Unwrap returns the exception.
func (e *Error) Unwrap() error { return e.Exception }

func (e *Error) constructs() int {
	paths := map[string]bool{}
	for _, p := range e.Problems {
		paths[p.Path] = true
	}
	return len(paths)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// String is the path, if there is one, and the message.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + "  " + p.Message
}
