//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoldens validates the goldens with all props of every construct, as they
// stand in the repository. A new one joins by being there.
func TestGoldens(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(root(), "constructs", "*", "testdata", "all*.tf.json"))
	must(t, err)
	if len(paths) == 0 {
		t.Fatal("found none")
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".tf.json")
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(path)))+"/"+name, func(t *testing.T) {
			t.Parallel()
			row := summary.start(t)
			pinned(t)
			text, err := os.ReadFile(path)
			must(t, err)
			dir := folder(t)
			// What differs from machine to machine is not in a golden.
			filled := strings.NewReplacer(
				`"<version>"`, `"`+providerVersion+`"`, "<dir>", dir, "<hash>", strings.Repeat("0", 64), "<sha256>", strings.Repeat("A", 43)+"=",
				`"source": "aws"`, `"source": "hashicorp/aws"`,
			).Replace(string(text))
			must(t, os.WriteFile(filepath.Join(dir, stackFile), []byte(filled), 0o644))
			w := open(t, dir, newAccount(t))
			done := row.step(validated)
			w.validate(t)
			done("ok")
		})
	}
}
