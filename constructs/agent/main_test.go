package agent_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestMain(m *testing.M) {
	useFakeProgram()
	synthtest.Main(m)
}

// useFakeProgram spares the tests the time to compile the program; TestPush
// takes it.
func useFakeProgram() {
	path, err := filepath.Abs("testdata/program/aegis-image")
	if err != nil {
		panic(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	agent.UseProgram(path, content)
}
