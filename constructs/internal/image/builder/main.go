package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/logs"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

// Exit codes. Terraform takes each but the first for a failure.
const (
	exitDone        = 0
	exitFailed      = 1
	exitInterrupted = 130 // 128 and SIGINT, as shells have it
)

// Main runs the program and returns its exit code.
func Main(args []string) int {
	if len(args) == 2 && args[0] == guardCommand {
		keepGuard(os.Stdin, args[1])
		return exitDone
	}
	// More signals change nothing: what is left to do is bounded in time.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A registry's 401 is how it asks for credentials, not something to warn of.
	logs.Warn.SetOutput(io.Discard)
	p := &program{out: os.Stdout, environ: os.Environ(), getenv: os.Getenv, transport: remote.DefaultTransport}
	return p.main(ctx, args)
}

// program is what a run needs of the outside.
type program struct {
	out       io.Writer
	environ   []string
	getenv    func(string) string
	transport http.RoundTripper // to registries
}

// say writes a line of progress.
func (p *program) say(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *program) main(ctx context.Context, args []string) int {
	start := time.Now()
	err := p.run(ctx, args)
	switch {
	case err == nil:
		p.say("done in %.1f s", time.Since(start).Seconds())
		return exitDone
	case ctx.Err() != nil:
		p.say("interrupted after %.1f s: nothing in the registry was removed, apply again to finish", time.Since(start).Seconds())
		return exitInterrupted
	}
	p.say("error: %v", err)
	if f, ok := errors.AsType[*failure](err); ok {
		p.say("  %s", f.remedy)
	}
	return exitFailed
}

func (p *program) run(ctx context.Context, args []string) error {
	if len(args) != 1 || args[0] != job.Command {
		return fmt.Errorf("the only command is %q, got %q: this program is run by terraform apply", job.Command, args)
	}
	r, err := job.FromEnv(p.getenv)
	if err != nil {
		return err
	}
	return p.push(ctx, r)
}

// failure is an error that people can do something about.
type failure struct {
	reason string
	remedy string
	err    error
}

func (f *failure) Error() string {
	if f.err == nil {
		return f.reason
	}
	return f.reason + ": " + f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }
