package lambda_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/ahead"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/internal/treetest"
)

// TestStartBuild: what is synthesized is the same, of one build for two functions.
func TestStartBuild(t *testing.T) {
	code := lambda.GoPackage{Path: ".", Dir: "testdata/gofunction"}
	define := func(stack cdktf.TerraformStack) {
		for _, name := range []string{"first", "second"} {
			lambda.NewFunction(stack, name, lambda.Props{FunctionName: name, Code: code})
			lambda.NewFunction(stack, name+"-arm64", lambda.Props{FunctionName: name + "-arm64", Code: code, Architecture: lambda.ARM64})
		}
	}
	want := treetest.Read(t, synthtest.Stack(t, define).Dir)
	lambda.StartBuild("", code, code)
	lambda.StartBuild(lambda.ARM64, code)
	lambda.StartBuild(lambda.ARM64, code)
	lambda.StartBuild("mips", code)
	lambda.StartBuild(lambda.X8664)
	got := treetest.Read(t, synthtest.Stack(t, define).Dir)
	if len(want) != 5 || !cmp.Equal(want, got) {
		t.Errorf("%d files without, %d with builds that were started, or not the same bytes", len(want), len(got))
	}
}

// TestStartBuildProblems: a failure is reported once, by the function.
func TestStartBuildProblems(t *testing.T) {
	code := lambda.GoPackage{Path: "./nothing", Dir: "testdata/gofunction"}
	define := func(stack cdktf.TerraformStack) {
		lambda.NewFunction(stack, "Orders", lambda.Props{FunctionName: "orders", Code: code})
	}
	want := synthtest.Problems(t, define)
	lambda.StartBuild("", code, lambda.GoPackage{})
	equal(t, "problems", want, synthtest.Problems(t, define))
	equal(t, "number", 1, len(want))
}

// TestStartBuildOfNothing: nobody asks for what is started, and nothing is left
// of it.
func TestStartBuildOfNothing(t *testing.T) {
	before := one(t, nil).Normalised()
	lambda.StartBuild(lambda.ARM64, lambda.GoPackage{Path: ".", Dir: "testdata/gofunction", LDFlags: "-X main.unused=1"})
	equal(t, "stack", string(before), string(one(t, nil).Normalised()))
	ahead.Drop() // waits for what is still going on: nothing
}
