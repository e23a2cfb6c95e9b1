package soak_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/soak"
)

var faults = soak.Faults{Duplicates: 0.1, Crashes: 0.05, Lost: 0.05, Engine: 0.05}

// TestSoak runs 20 workflows, and with AEGIS_SOAK=1, as make soak does, 2,000.
func TestSoak(t *testing.T) {
	c := soak.Config{Workflows: 20, AtOnce: 20, Questions: 5, Approvals: 4, Faults: faults, Table: memory.NewTable(), Folder: t.TempDir(), RetryAfter: 1}
	limit := 60 * time.Second
	if os.Getenv("AEGIS_SOAK") != "" {
		c.Workflows, c.AtOnce, c.RetryAfter = 2000, 400, 0
		limit = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := soak.Run(ctx, c)
	t.Logf("\n%s", r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Lost+r.Stuck+r.Failed+r.Doubled+r.WrongDecisions != 0 {
		t.Fail()
	}
}
