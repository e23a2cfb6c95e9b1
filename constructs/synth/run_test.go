package synth_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/ahead"
	"github.com/aegis-agents/aegis/constructs/internal/report"
	"github.com/aegis-agents/aegis/constructs/synth"
)

func stack(app cdktf.App, name string) cdktf.TerraformStack {
	s := cdktf.NewTerraformStack(app, &name)
	provider.NewAwsProvider(s, jsii.String("AWS"), nil)
	return s
}

func queue(s cdktf.TerraformStack, id string) sqsqueue.SqsQueue {
	return sqsqueue.NewSqsQueue(s, &id, nil)
}

// fail runs an app that must fail, and must leave nothing behind.
func fail(t *testing.T, define func(app cdktf.App)) *synth.Error {
	t.Helper()
	outdir := filepath.Join(t.TempDir(), "made", "out")
	_, err := synth.Run(t.Context(), define, synth.Options{Outdir: outdir})
	var failed *synth.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want an *synth.Error", err)
	}
	if _, err := os.Stat(filepath.Dir(outdir)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a failed run left a folder behind")
	}
	return failed
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRunShowsAllStacks has mistakes of ours and of others' constructs, which
// only annotate, in two stacks.
func TestRunShowsAllStacks(t *testing.T) {
	failed := fail(t, func(app cdktf.App) {
		b, a := stack(app, "b"), stack(app, "a")
		report.Errors(queue(b, "Ours"), "Name: must be short", "Size: must be small")
		cdktf.Annotations_Of(queue(a, "Theirs")).AddError(jsii.String("wrong"))
		cdktf.Annotations_Of(queue(b, "Theirs")).AddError(jsii.String("wrong"))
		cdktf.Annotations_Of(b).AddWarning(jsii.String("no mistake"))
		report.Errors(queue(a, "Ours"), "Name: must be short")
	})
	equal(t, failed.Problems, []synth.Problem{
		{Path: "b/Ours", Message: "Name: must be short"},
		{Path: "b/Ours", Message: "Size: must be small"},
		{Path: "a/Ours", Message: "Name: must be short"},
		{Path: "a/Theirs", Message: "wrong"},
		{Path: "b/Theirs", Message: "wrong"},
	})
	if failed.Exception != nil {
		t.Errorf("got the exception %v, want none", failed.Exception)
	}
}

// TestRunShowsMissingProviders has validations that fail, at which cdktf throws
// before it looks at annotations or at the next stack.
func TestRunShowsMissingProviders(t *testing.T) {
	failed := fail(t, func(app cdktf.App) {
		for _, name := range []string{"b", "a"} {
			s := cdktf.NewTerraformStack(app, &name)
			report.Errors(queue(s, "Ours"), "Name: must be short")
			cdktf.Annotations_Of(queue(s, "Theirs")).AddError(jsii.String("wrong"))
		}
	})
	var got []string
	for _, p := range failed.Problems {
		message, _, _ := strings.Cut(p.Message, " construct.")
		got = append(got, p.Path+": "+message)
	}
	equal(t, got, []string{
		"b/Ours: Name: must be short",
		"a/Ours: Name: must be short",
		"b/Theirs: wrong",
		"a/Theirs: wrong",
		"b: Found resources without a matching provider",
		"a: Found resources without a matching provider",
	})
	if failed.Exception != nil {
		t.Errorf("got the exception %v, want it among the problems", failed.Exception)
	}
	if text := failed.Error(); strings.Contains(text, "skipValidation") {
		t.Errorf("got advice that cannot be followed:\n%s", text)
	}
}

func TestRunShowsException(t *testing.T) {
	for name, test := range map[string]struct {
		define func(s cdktf.TerraformStack)
		want   string
	}{
		"an id that is taken": {
			func(s cdktf.TerraformStack) { queue(s, "Theirs") },
			"There is already a Construct with name 'Theirs' in TerraformStack [a]",
		},
		"a required field": {
			func(s cdktf.TerraformStack) {
				cdktf.NewTerraformOutput(s, jsii.String("x"), &cdktf.TerraformOutputConfig{})
			},
			"is required, but has nil value",
		},
		"a value that cannot be resolved": {
			func(s cdktf.TerraformStack) {
				cdktf.NewTerraformOutput(s, jsii.String("x"), &cdktf.TerraformOutputConfig{Value: s})
			},
			"Maximum call stack size exceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			failed := fail(t, func(app cdktf.App) {
				s := stack(app, "a")
				report.Errors(queue(s, "Ours"), "Name: must be short")
				cdktf.Annotations_Of(queue(s, "Theirs")).AddError(jsii.String("wrong"))
				test.define(s)
			})
			equal(t, failed.Problems, []synth.Problem{
				{Path: "a/Ours", Message: "Name: must be short"},
				{Path: "a/Theirs", Message: "wrong"},
			})
			if failed.Exception == nil || !strings.Contains(failed.Exception.Error(), test.want) {
				t.Errorf("got the exception %v, want %q", failed.Exception, test.want)
			}
			if text := failed.Error(); strings.Contains(text, ".js:") || strings.Contains(text, "node_modules") {
				t.Errorf("got a JavaScript trace:\n%s", text)
			}
		})
	}
}

func TestRunWithoutStacks(t *testing.T) {
	equal(t, fail(t, func(cdktf.App) {}).Error(), "synth failed: the app must have a stack, got none")
}

// TestRunLetsPanicsGoOn has bugs in define, for which Go's own trace is best.
func TestRunLetsPanicsGoOn(t *testing.T) {
	boom := errors.New("boom")
	var (
		noMap    = func() map[string]int { return nil }
		noObject = func() sqsqueue.SqsQueue { return nil }
	)
	for name, panics := range map[string]func(){
		"a string":     func() { panic("boom") },
		"an error":     func() { panic(boom) },
		"a nil map":    func() { noMap()["boom"]++ },
		"a nil object": func() { noObject().Arn() },
	} {
		t.Run(name, func(t *testing.T) {
			outdir := filepath.Join(t.TempDir(), "out")
			defer func() {
				if recover() == nil {
					t.Error("the panic must go on")
				}
				if _, err := os.Stat(outdir); err == nil {
					t.Error("the output folder was left behind")
				}
			}()
			_, err := synth.Run(t.Context(), func(app cdktf.App) { stack(app, "a"); panics() }, synth.Options{Outdir: outdir})
			t.Errorf("got %v", err)
		})
	}
}

func TestRunCancelled(t *testing.T) {
	cause := errors.New("enough")
	for name, when := range map[string]func(cancel func()){
		"before":        func(cancel func()) { cancel() },
		"at once":       func(cancel func()) { go cancel() },
		"while it runs": func(cancel func()) { time.AfterFunc(200*time.Millisecond, cancel) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			when(func() { cancel(cause) })
			outdir := filepath.Join(t.TempDir(), "out")
			start := time.Now()
			_, err := synth.Run(ctx, func(app cdktf.App) {
				s := stack(app, "a")
				for i := range 1_000_000 {
					queue(s, "Queue"+strconv.Itoa(i))
				}
			}, synth.Options{Outdir: outdir})
			if !errors.Is(err, cause) {
				t.Errorf("got %v, want the cause", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %s to stop", took)
			}
			if _, err := os.Stat(outdir); err == nil {
				t.Error("the output folder was left behind")
			}
		})
	}
	t.Run("while it waits for work ahead", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		ahead.Start([]string{"work"}, func(ctx context.Context, _ []string) map[string]any {
			<-ctx.Done()
			return nil
		})
		_, err := synth.Run(ctx, func(cdktf.App) {
			cancel(cause)
			_, err := ahead.Take(context.Background(), "work")
			equal(t, errors.Is(err, context.Canceled), true)
		}, synth.Options{Outdir: t.TempDir()})
		if !errors.Is(err, cause) {
			t.Errorf("got %v, want the cause", err)
		}
	})
	// The next run starts a kernel of its own.
	if _, err := synth.Run(t.Context(), func(app cdktf.App) { stack(app, "a") }, synth.Options{Outdir: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

// TestRunAfterKernelEnded sends what cannot be encoded, after which jsii ends
// the kernel.
func TestRunAfterKernelEnded(t *testing.T) {
	failed := fail(t, func(app cdktf.App) {
		s := stack(app, "a")
		report.Errors(queue(s, "Ours"), "Name: must be short")
		cdktf.NewTerraformOutput(s, jsii.String("x"), &cdktf.TerraformOutputConfig{Value: math.Inf(1)})
	})
	equal(t, failed.Problems, []synth.Problem{{Path: "a/Ours", Message: "Name: must be short"}})
	if failed.Exception == nil {
		t.Error("got no exception")
	}
	// The next run starts a kernel of its own.
	if _, err := synth.Run(t.Context(), func(app cdktf.App) { stack(app, "a") }, synth.Options{Outdir: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestRunResult(t *testing.T) {
	outdir := t.TempDir()
	var got any
	result, err := synth.Run(t.Context(), func(app cdktf.App) {
		got = app.Node().TryGetContext(jsii.String("region"))
		stack(app, "b")
		report.Warnings(queue(stack(app, "a"), "Queue"), "Name: is odd")
	}, synth.Options{Outdir: outdir, Context: map[string]any{"region": "eu-central-1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got != "eu-central-1" {
		t.Errorf("the context: got %v", got)
	}
	equal(t, result, &synth.Result{
		Outdir: outdir,
		Stacks: []synth.StackResult{
			{Name: "a", Path: filepath.Join(outdir, "stacks", "a", "cdk.tf.json")},
			{Name: "b", Path: filepath.Join(outdir, "stacks", "b", "cdk.tf.json")},
		},
		Warnings: []synth.Problem{{Path: "a/Queue", Message: "Name: is odd"}},
	})
	for _, s := range result.Stacks {
		if _, err := os.Stat(s.Path); err != nil {
			t.Error(err)
		}
	}
}

// TestRunDropsWorkAhead: what was started for a run, and nobody asked for, ends
// with it, whatever becomes of the run.
func TestRunDropsWorkAhead(t *testing.T) {
	for name, define := range map[string]func(app cdktf.App){
		"written": func(app cdktf.App) { stack(app, "a") },
		"failed":  func(cdktf.App) {},
	} {
		t.Run(name, func(t *testing.T) {
			begun, ended := make(chan struct{}), false
			ahead.Start([]string{"work"}, func(ctx context.Context, _ []string) map[string]any {
				close(begun)
				<-ctx.Done()
				ended = true
				return map[string]any{"work": true}
			})
			<-begun
			_, err := synth.Run(t.Context(), define, synth.Options{Outdir: t.TempDir()})
			equal(t, err == nil, name == "written")
			equal(t, ended, true)
			work, err := ahead.Take(t.Context(), "work")
			equal(t, []any{work, err}, []any{nil, nil})
		})
	}
}
