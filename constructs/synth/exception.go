package synth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// exceptionOf turns a recovered panic into the exception that it was: jsii
// panics with an error when JavaScript throws, and the generated code when a
// required field is missing. It returns nil for a panic that is a bug of the
// program's own, which has to go on with its Go trace.
//
// It must be called by the function that was deferred, while the stack of the
// panic is still there.
func exceptionOf(recovered any) error {
	var fault runtime.Error
	if err, ok := recovered.(error); ok && errors.As(err, &fault) {
		return nil
	}
	stack := panicking()
	if len(stack) == 0 || !isBinding(stack[0].Function) {
		return nil
	}
	text := messageOf(fmt.Sprint(recovered))
	for _, f := range stack {
		switch {
		case strings.HasPrefix(f.Function, thisPackage):
			return errors.New(text) // of cdktf's synth, which is no line of the user's
		case !isBinding(f.Function) && !strings.HasPrefix(f.Function, ownPackages):
			return fmt.Errorf("%s\n  at %s:%d", text, shorten(f.File), f.Line)
		}
	}
	return errors.New(text)
}

const (
	maxFrames = 128
	// ownPackages are the constructs of this module, where no user has a mistake.
	ownPackages = "github.com/aegis-agents/aegis/constructs/"
	thisPackage = ownPackages + "synth."
)

// panicking returns the frames of the panic that is being recovered, without
// those of the Go runtime, the innermost first.
func panicking() []runtime.Frame {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var stack []runtime.Frame
	panicked := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked, stack = true, nil
		case panicked && !strings.HasPrefix(f.Function, "runtime."):
			stack = append(stack, f)
		}
		if !more {
			return stack
		}
	}
}

// isBinding reports whether a function is jsii's or generated from a jsii
// package: the published bindings, and those that `cdktf get` writes.
func isBinding(function string) bool {
	for _, prefix := range []string{
		"github.com/aws/jsii-runtime-go",
		"github.com/aws/constructs-go/",
		"github.com/hashicorp/terraform-cdk-go/",
		"github.com/cdktf/",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return strings.Contains(function, "/generated/")
}

// shorten makes a path relative to the working directory when it is below it.
func shorten(path string) string {
	if cwd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(cwd, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return path
}

var (
	// scriptFrame is a line of a JavaScript stack trace.
	scriptFrame = regexp.MustCompile(`^\s+at .*(:\d+:\d+\)?|\(native\)|<anonymous>\)?)$`)
	// faultPrefix is what jsii puts in front of errors that it made itself.
	faultPrefix = regexp.MustCompile(`^(JsiiError: )?(@jsii/kernel\.\w+ )?(Error: )?`)
)

// messageOf is an exception's message without what only means something to those
// who know that there is JavaScript underneath.
func messageOf(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if !scriptFrame.MatchString(line) {
			kept = append(kept, line)
		}
	}
	return faultPrefix.ReplaceAllString(strings.TrimSpace(strings.Join(kept, "\n")), "")
}
