package synthtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/kernel"
	"github.com/aegis-agents/aegis/constructs/synth"
)

// Main runs the tests of a package, with the flag -update for its golden files,
// and ends the kernel afterwards.
func Main(m *testing.M) {
	addFlag()
	code := m.Run()
	kernel.Stop(os.Stderr)
	os.Exit(code)
}

// StackName is the stack that Stack defines.
const StackName = "test"

// Stack defines one stack with an AWS provider, synthesizes it and returns its
// Terraform JSON. Any mistake that a construct reports fails the test.
func Stack(t testing.TB, define func(stack cdktf.TerraformStack)) *Template {
	t.Helper()
	return App(t, func(app cdktf.App) { define(newStack(app, StackName)) })[StackName]
}

// Problems is Stack for props with mistakes: it returns what is reported, and
// fails the test when anything was written.
func Problems(t testing.TB, define func(stack cdktf.TerraformStack)) []synth.Problem {
	t.Helper()
	outdir := filepath.Join(t.TempDir(), "out")
	_, err := synth.Run(context.Background(), func(app cdktf.App) { define(newStack(app, StackName)) }, synth.Options{Outdir: outdir})
	var failed *synth.Error
	if !errors.As(err, &failed) {
		t.Fatalf("synth: got %v, want an *synth.Error", err)
	}
	if failed.Exception != nil {
		t.Errorf("synth ended by an exception: %v", failed.Exception)
	}
	if _, err := os.Stat(outdir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failed synth left %s behind", outdir)
	}
	return failed.Problems
}

// App synthesizes an app and returns its stacks by name.
func App(t testing.TB, define func(app cdktf.App)) map[string]*Template {
	t.Helper()
	result, err := synth.Run(context.Background(), define, synth.Options{Outdir: filepath.Join(t.TempDir(), "out")})
	if err != nil {
		t.Fatal(err)
	}
	stacks := make(map[string]*Template, len(result.Stacks))
	for _, s := range result.Stacks {
		stacks[s.Name] = read(t, s.Path)
	}
	return stacks
}

func newStack(app cdktf.App, name string) cdktf.TerraformStack {
	stack := cdktf.NewTerraformStack(app, jsii.String(name))
	provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
	return stack
}
