// Package treetest reads folders, for tests that compare them.
package treetest

import (
	"io/fs"
	"os"
	"slices"
	"testing"
)

// Read returns what is in all files below a folder, by their paths from there with
// slashes. Files that have one of the names in except are left out.
func Read(t testing.TB, dir string, except ...string) map[string]string {
	t.Helper()
	root := os.DirFS(dir)
	files := map[string]string{}
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains(except, entry.Name()) {
			return err
		}
		text, err := fs.ReadFile(root, path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
