package agents_test

import (
	"os/exec"
	"strings"
	"testing"
)

// An agent shares the protocol with the control plane, and nothing else.
func TestAgentsReachTheProtocolAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module, protocol = "github.com/aegis-agents/aegis/", "github.com/aegis-agents/aegis/controller/task"
	known := false
	for dep := range strings.FieldsSeq(string(out)) {
		known = known || dep == protocol
		if strings.HasPrefix(dep, module) && !strings.HasPrefix(dep+"/", module+"agents/") && dep != protocol {
			t.Errorf("the agents reach %s", dep)
		}
	}
	// A list without what is known to be there would prove nothing.
	if !known {
		t.Errorf("go list does not show %s", protocol)
	}
	programs, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./coordinator", "./research", "./analyst", "./execution").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"testing", module + "agents/internal/bedrocktest"} {
		if strings.Contains("\n"+string(programs), "\n"+never+"\n") {
			t.Errorf("a program links %s", never)
		}
	}
}
