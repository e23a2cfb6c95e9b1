//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestOpenTofu takes each stack through the same with OpenTofu, where there is one:
// required, it still is a user's choice and no lack.
func TestOpenTofu(t *testing.T) {
	t.Parallel()
	tofu, err := exec.LookPath("tofu")
	if err != nil {
		summary.start(t)
		t.Skip("tofu is not on the PATH")
	}
	for _, s := range stacks {
		s.works = nil // that takes the emulator's main account, which TestStack has
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			row := summary.start(t)
			account := newAccount(t)
			outdir := filepath.Join(folder(t), "cdktf.out")
			s.make(t, outdir)
			s.run(t, openWith(t, tofu, filepath.Join(outdir, "stacks", s.name), account), row, folder(t))
		})
	}
}
