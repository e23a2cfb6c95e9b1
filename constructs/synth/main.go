package synth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/kernel"
	"github.com/aegis-agents/aegis/constructs/internal/report"
)

// Main is the whole main function of an app: it runs define, prints what was
// written or everything that is wrong, and exits: with 0 or 1, or 130 after
// Ctrl-C. A panic of define's own goes on.
func Main(define func(app cdktf.App)) {
	os.Exit(run(define, os.Stdout, os.Stderr))
}

const (
	// patience is how long a run may be silent.
	patience = 5 * time.Second
	// grace is how long a run has to end after a signal.
	grace = 3 * time.Second
	// exitSignal and the signal's number is what shells report for a program
	// that a signal ended.
	exitSignal = 128
)

func run(define func(app cdktf.App), stdout, stderr io.Writer) int {
	defer kernel.Stop(stderr)
	defer func() {
		if r := recover(); r != nil {
			bug(stderr)
			panic(r)
		}
	}()
	ctx, stop := untilSignal(stderr)
	defer stop()

	start := time.Now()
	slow := time.AfterFunc(patience, func() {
		fmt.Fprintln(stderr, "still synthesizing; the first run on a machine unpacks the provider, which takes longer …")
	})
	defer slow.Stop()
	result, err := Run(ctx, define, Options{})
	if s := (stopped{}); errors.As(err, &s) {
		fmt.Fprintln(stderr, s)
		return s.code()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, w := range result.Warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	for _, s := range result.Stacks {
		fmt.Fprintln(stdout, "wrote", s.Path)
	}
	fmt.Fprintf(stdout, "synthesized %s in %.1f s\n", count(len(result.Stacks), "stack"), time.Since(start).Seconds())
	return 0
}

// bug prints, before Go prints a panic, the mistakes that were found so far:
// one of them may be its cause.
func bug(stderr io.Writer) {
	found := problemsOf(report.Take(), nil)
	if len(found) == 0 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "synth failed: a panic, see below, after %s", count(len(found), "error"))
	list(&b, found)
	fmt.Fprintln(stderr, b.String())
}

// stopped is the cause of a run that a signal ended.
type stopped struct{ os.Signal }

func (s stopped) Error() string { return "synth stopped; nothing was written" }

func (s stopped) code() int {
	if number, ok := s.Signal.(syscall.Signal); ok {
		return exitSignal + int(number)
	}
	return 1
}

// untilSignal returns a context that ends with the first signal. The second one
// ends the program at once, as it would without us; so does a run that is not
// over some time after the first, because it is busy with something that cannot
// be interrupted.
func untilSignal(stderr io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	over := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		var cause stopped
		select {
		case s := <-signals:
			cause = stopped{s}
		case <-over:
			return
		}
		signal.Stop(signals)
		cancel(cause)
		select {
		case <-time.After(grace):
			removeCurrent()
			fmt.Fprintln(stderr, cause)
			os.Exit(cause.code())
		case <-over:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		cancel(nil)
	}
}
