//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/internal/treetest"
)

// copied copies a folder of source code to one with another name.
func copied(t *testing.T, source, name string) string {
	t.Helper()
	dir := filepath.Join(folder(t), name)
	must(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	must(t, os.CopyFS(dir, os.DirFS(source)))
	return dir
}

func withModes(t *testing.T, source string, file, dir fs.FileMode) string {
	t.Helper()
	copied := copied(t, source, "modes")
	walk(t, copied, func(path string, d fs.DirEntry) {
		if d.IsDir() {
			must(t, os.Chmod(path, dir))
		} else {
			must(t, os.Chmod(path, file))
		}
	})
	return copied
}

func touched(t *testing.T, source string) string {
	t.Helper()
	dir := copied(t, source, "touched")
	walk(t, dir, func(path string, _ fs.DirEntry) { must(t, os.Chtimes(path, time.Unix(0, 0), time.Unix(1e9, 0))) })
	return dir
}

func walk(t *testing.T, dir string, visit func(path string, d fs.DirEntry)) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			visit(path, d)
		}
		return err
	}))
}

// sameFiles fails the test unless two stacks' folders are the same, byte by byte.
func sameFiles(t *testing.T, a, b string) {
	t.Helper()
	if diff := cmp.Diff(treetest.Read(t, a), treetest.Read(t, b)); diff != "" {
		t.Errorf("the stack differs:\n%s", diff)
	}
}
