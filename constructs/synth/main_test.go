package synth_test

import (
	"testing"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestMain(m *testing.M) { synthtest.Main(m) }
