package folder_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/controller/internal/folder"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
)

func open(t *testing.T, dir string) *folder.Blob {
	t.Helper()
	b, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBlob(t *testing.T) {
	t.Parallel()
	porttest.Blob(t, func(t *testing.T) port.Blob { return open(t, t.TempDir()) })
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	b := open(t, dir)
	for range 2 {
		if err := b.Put(t.Context(), "a/b/c.json", "", []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	// Where a folder is, no object can be: the write fails and cleans up.
	if err := b.Put(t.Context(), "a/b", "", []byte("1")); err == nil {
		t.Error("an object took the place of a folder")
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil || len(files) != 1 || files[0] != "/a/b/c.json" {
		t.Errorf("files: %v, %v", files, err)
	}
}

func TestLinksDoNotLeadOut(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	if got, err := b.Get(t.Context(), "link/secret", 10); err == nil {
		t.Errorf("read %q", got)
	}
	if err := b.Put(t.Context(), "link/new", "", []byte("x")); err == nil {
		t.Error("wrote through the link")
	}
}
