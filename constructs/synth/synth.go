package synth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/ahead"
	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
	"github.com/aegis-agents/aegis/constructs/internal/kernel"
	"github.com/aegis-agents/aegis/constructs/internal/report"
)

// defaultOutdir is cdktf's, which its CLI overrides with CDKTF_OUTDIR.
const defaultOutdir = "cdktf.out"

// Options are the settings of Run. The zero value is what cdktf's CLI expects.
type Options struct {
	// Outdir is where the output goes. Default: $CDKTF_OUTDIR, or "cdktf.out".
	Outdir string
	// Context is passed on to the app. Default: none but cdktf's own.
	Context map[string]any
}

// Result tells what a run wrote.
type Result struct {
	Outdir   string
	Stacks   []StackResult // sorted by name
	Warnings []Problem
}

// StackResult is one synthesized stack.
type StackResult struct {
	Name string
	// Path is the stack's Terraform, with Outdir in front.
	Path string
}

// Run defines an app, synthesizes it and moves the output in place.
//
// It returns an *Error with every mistake that the constructs of all stacks
// reported, and writes nothing then. It must not be called from two goroutines
// at once: jsii has one kernel for each process and takes no lock. The kernel
// stays for the next Run; a program that is not Main's calls jsii.Close before
// it ends, and not earlier.
//
// When ctx is cancelled meanwhile, the kernel is ended, nothing is written and
// the cause comes back. Builds that were started ahead end with the run.
func Run(ctx context.Context, define func(app cdktf.App), opts Options) (*Result, error) {
	defer ahead.Drop()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Before whatever needs it says so once for each construct.
	if err := cachehome.Check(); err != nil {
		return nil, err
	}
	stage, err := newStage(outdir(opts))
	if err != nil {
		return nil, err
	}
	defer stage.remove()

	// The kernel must have ended before the staging folder is removed: it would
	// make it anew.
	ended := make(chan struct{})
	abort := context.AfterFunc(ctx, func() {
		defer close(ended)
		kernel.Abort()
		ahead.Drop() // define may be waiting for it
	})
	defer abort() // also when a panic goes on: ctx may end later
	outcome := synthesize(ctx, define, stage.dir, opts.Context)
	if outcome.died {
		// Ctrl-C reaches Node as well, maybe before us.
		select {
		case <-ctx.Done():
		case <-time.After(signalDelay):
			fmt.Fprintln(os.Stderr) // jsii told of it in a line without an end
		}
	}
	if !abort() {
		<-ended
		return nil, context.Cause(ctx)
	}
	if len(outcome.problems) > 0 || outcome.exception != nil {
		return nil, &Error{Problems: outcome.problems, Exception: outcome.exception}
	}
	if err := stage.commit(outcome.manifest); err != nil {
		return nil, err
	}
	result := outcome.manifest.result(stage.outdir)
	if outcome.notice != "" {
		result.Warnings = append(result.Warnings, Problem{Message: outcome.notice})
	}
	return result, nil
}

// signalDelay is how much later than Node we may learn of a signal.
const signalDelay = 250 * time.Millisecond

func outdir(opts Options) string {
	for _, dir := range []string{opts.Outdir, os.Getenv("CDKTF_OUTDIR")} {
		if dir != "" {
			return dir
		}
	}
	return defaultOutdir
}

// outcome is what became of an app in the staging folder.
type outcome struct {
	manifest  manifest
	notice    string // of the kernel's start
	problems  []Problem
	exception error
	died      bool // the kernel ended by itself
}

var errNoStack = errors.New("the app must have a stack, got none")

// noAnswer is in what jsii says of a Node process that ended.
const noAnswer = "no response received"

// died explains an exception after which the kernel does not answer. It may
// have ended by itself, or because what it was sent could not be encoded.
func died(exception error) error {
	if !strings.Contains(exception.Error(), noAnswer) {
		return exception
	}
	return errors.New("the Node.js process that runs cdktf ended before it answered; when it ran out of memory,\n" +
		"NODE_OPTIONS=--max-old-space-size=8192 gives it 8 GB")
}

// synthesize runs the app into dir and collects everything that is wrong.
func synthesize(ctx context.Context, define func(app cdktf.App), dir string, values map[string]any) (o outcome) {
	report.Take() // what an earlier run left
	// An end of ctx before the start ended no kernel.
	if o.notice, o.exception = kernel.Start(); o.exception != nil || ctx.Err() != nil {
		return o
	}
	var app cdktf.App
	o.exception = attempt(func() {
		config := &cdktf.AppConfig{Outdir: jsii.String(dir), StackTraces: jsii.Bool(false)}
		if values != nil {
			config.Context = &values
		}
		app = cdktf.NewApp(config)
		define(app)
	})
	defined := o.exception == nil
	if defined {
		o.exception = attempt(app.Synth)
	}
	if o.exception == nil {
		if o.manifest, o.exception = readManifest(dir); o.exception == nil && len(o.manifest.Stacks) == 0 {
			o.exception = errNoStack
		}
		o.problems = problemsOf(report.Take(), o.manifest.problems(levelError))
		return o
	}

	reported := report.Take()
	if !kernel.Alive() {
		o.died = true
		o.exception = died(o.exception)
		o.problems = problemsOf(reported, nil)
		return o
	}
	var foreign []Problem
	if app != nil {
		foreign = diagnose(app)
	}
	if defined {
		// In an app that is not complete a missing provider may be no mistake.
		invalid, complete := validate(app)
		foreign = append(foreign, invalid...)
		if complete {
			o.exception = nil
		}
	}
	o.problems = problemsOf(reported, foreign)
	return o
}
