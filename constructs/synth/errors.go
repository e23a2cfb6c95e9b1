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
	// Exception is what ended the run early, if anything did: a duplicate
	// construct id, a missing provider. Nil otherwise.
	Exception error
}

// Error lists every mistake on a line of its own, paths aligned.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("synth failed")
	if n := len(e.Problems); n > 0 {
		fmt.Fprintf(&b, ": %s in %s", count(n, "error"), count(e.constructs(), "construct"))
	}
	width := 0
	for _, p := range e.Problems {
		width = max(width, len(p.Path))
	}
	for _, p := range e.Problems {
		// A message of several lines stays under its own column.
		text := strings.ReplaceAll(p.Message, "\n", "\n"+strings.Repeat(" ", width+4))
		fmt.Fprintf(&b, "\n  %-*s  %s", width, p.Path, text)
	}
	if e.Exception != nil {
		if len(e.Problems) > 0 {
			b.WriteString("\n ")
		} else {
			b.WriteString(":")
		}
		fmt.Fprintf(&b, " %v", e.Exception)
	}
	return b.String()
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
