package synth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/kernel"
)

// Main is the whole main function of an app: it runs define, prints what was
// written or everything that is wrong, and exits with 0 or 1.
func Main(define func(app cdktf.App)) {
	os.Exit(run(define, Options{}, os.Stdout, os.Stderr))
}

func run(define func(app cdktf.App), opts Options, stdout, stderr io.Writer) int {
	defer kernel.Stop(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once, as it would without us.
	context.AfterFunc(ctx, stop)

	start := time.Now()
	slow := time.AfterFunc(patience, func() {
		fmt.Fprintln(stderr, "still synthesizing; the first run on a machine unpacks the provider, which takes longer …")
	})
	defer slow.Stop()
	result, err := Run(ctx, define, opts)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "synth stopped; nothing was written")
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, w := range result.Warnings {
		fmt.Fprintf(stderr, "warning: %s  %s\n", w.Path, w.Message)
	}
	for _, s := range result.Stacks {
		fmt.Fprintf(stdout, "wrote %s\n", s.Path)
	}
	fmt.Fprintf(stdout, "synthesized %s in %.1f s\n", count(len(result.Stacks), "stack"), time.Since(start).Seconds())
	return 0
}

// patience is how long a run may be silent.
const patience = 5 * time.Second

// exitInterrupted is what shells report for a program ended by Ctrl-C.
const exitInterrupted = 130
