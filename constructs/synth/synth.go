package synth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

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
	Stacks   []StackResult
	Warnings []Problem
}

// StackResult is one synthesized stack.
type StackResult struct {
	Name string
	// Path is the stack's Terraform JSON, with Outdir in front.
	Path string
}

// Run defines an app, synthesizes it and moves the output in place.
//
// It returns an *Error with every mistake that the constructs of all stacks
// reported, and writes nothing then. It must not be called from two goroutines
// at once: jsii has one kernel for each process and takes no lock.
//
// When ctx is cancelled meanwhile, nothing is written and ctx's error comes back.
func Run(ctx context.Context, define func(app cdktf.App), opts Options) (*Result, error) {
	outdir := opts.Outdir
	if outdir == "" {
		outdir = os.Getenv("CDKTF_OUTDIR")
	}
	if outdir == "" {
		outdir = defaultOutdir
	}
	stage, err := newStage(outdir)
	if err != nil {
		return nil, err
	}
	defer stage.remove()

	report.Take() // what an earlier run left
	exception := synthesize(define, stage.dir, opts.Context)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	m, err := readManifest(stage.dir)
	if err != nil && exception == nil {
		return nil, err
	}
	if problems := problemsOf(m, report.Take()); len(problems) > 0 || exception != nil {
		return nil, &Error{Problems: problems, Exception: exception}
	}
	if err := stage.commit(m); err != nil {
		return nil, err
	}
	return m.result(outdir), nil
}

// synthesize runs the app into dir. A JavaScript exception, which jsii turns
// into a panic, comes back as an error; Go's own runtime errors are bugs and
// go on.
func synthesize(define func(app cdktf.App), dir string, context map[string]any) (exception error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			panic(r)
		case error:
			exception = errors.New(firstLines(r.Error()))
		default:
			exception = errors.New(firstLines(fmt.Sprint(r)))
		}
	}()
	kernel.Start()
	config := &cdktf.AppConfig{Outdir: jsii.String(dir), StackTraces: jsii.Bool(false)}
	if context != nil {
		config.Context = &context
	}
	app := cdktf.NewApp(config)
	define(app)
	app.Synth()
	return nil
}

// firstLines is an exception's message without the JavaScript stack.
func firstLines(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "at ") {
			break
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}
