package agent_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/internal/treetest"
)

// TestStartBuild: what is synthesized is the same, also of images of one program.
func TestStartBuild(t *testing.T) {
	plain := agent.GoPackage{Path: "./testdata/goagent"}
	labelled, port := plain, plain
	labelled.Labels = map[string]string{"team": "a"}
	port.Environment = map[string]string{"PORT": "8080"}
	define := func(stack cdktf.TerraformStack) {
		for name, source := range map[string]agent.GoPackage{"plain": plain, "labelled": labelled, "port": port} {
			agent.New(stack, name, agent.Props{Name: name, Source: source})
		}
		agent.New(stack, "arm64", agent.Props{Name: "arm64", Source: plain, Platforms: []agent.Platform{agent.LinuxARM64}})
	}
	want := treetest.Read(t, synthtest.Stack(t, define).Dir)
	agent.StartBuild("", plain, labelled, port)
	agent.StartBuild(agent.LinuxARM64, plain)
	agent.StartBuild("linux/mips", plain)
	agent.StartBuild(agent.LinuxAMD64)
	got := treetest.Read(t, synthtest.Stack(t, define).Dir)
	if len(want) != 6 || !cmp.Equal(want, got) {
		t.Errorf("%d files without, %d with builds that were started, or not the same bytes", len(want), len(got))
	}
}

// TestStartBuildProblems: a failure is reported once, by the agent.
func TestStartBuildProblems(t *testing.T) {
	source := agent.GoPackage{Path: "./testdata/none"}
	define := func(stack cdktf.TerraformStack) {
		agent.New(stack, "Orders", agent.Props{Name: "orders", Source: source})
	}
	want := synthtest.Problems(t, define)
	agent.StartBuild("", source, agent.GoPackage{})
	if got := synthtest.Problems(t, define); len(want) != 1 || !cmp.Equal(want, got) {
		t.Errorf("got %v, want %v", got, want)
	}
}
