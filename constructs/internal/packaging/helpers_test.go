package packaging

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

// TestMain gives all tests one cache of their own. Tests which need an empty one
// call cachedir, which makes them serial.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "packaging")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(cachehome.Variable, dir); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// cachedir gives the test an empty cache.
func cachedir(t *testing.T) *cache {
	t.Helper()
	c := &cache{t.TempDir(), os.Link}
	t.Setenv(cachehome.Variable, c.dir)
	return c
}

// tree writes files below a new directory. A name that ends in "*" is
// executable, a content that starts with "->" makes a symbolic link, a name that
// ends in "/" a directory.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		mode := os.FileMode(0o644)
		if n, ok := strings.CutSuffix(name, "*"); ok {
			name, mode = n, 0o755
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if target, ok := strings.CutPrefix(content, "->"); ok {
			must(t, os.Symlink(target, path))
			continue
		}
		must(t, os.WriteFile(path, []byte(content), mode))
		must(t, os.Chmod(path, mode))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fromDir packages dir under the name "p" and fails the test on an error.
func fromDir(t testing.TB, dir string) *Package {
	t.Helper()
	p, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir, Name: "p", Excludes: []string{}})
	must(t, err)
	return p
}

func names(p *Package) []string {
	var list []string
	for _, f := range p.Files {
		list = append(list, f.Name)
	}
	return list
}

// wantError compares an error's text. An empty text means no error.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error:\n got: %s\nwant: %s", got, want)
	}
}
