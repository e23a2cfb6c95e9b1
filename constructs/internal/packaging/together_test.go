package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProgramName(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a/go.mod": "module example.com/other\n", "b/main.go": ""})
	for pkg, want := range map[string]string{
		"example.com/m/cmd/x": "x", "example.com/m": "m", "./b": "b", "./b/": "b", "../" + filepath.Base(dir) + "/b": "b", filepath.Join(dir, "b"): "b",
		"example.com/m/v2": "", "./v10": "", ".": "", "..": "", "./": "", "./a": "", filepath.Join(dir, "a"): "", `.\b`: "", "/": "",
	} {
		b := &goBuild{GoOptions: GoOptions{Package: pkg}, dir: dir}
		if got := b.programName(); got != want {
			t.Errorf("%q: got %q, want %q", pkg, got, want)
		}
	}
}

// TestProgramNames: go agrees about the names.
func TestProgramNames(t *testing.T) {
	t.Parallel()
	dir := tree(t, programs())
	out := t.TempDir()
	cmd := exec.Command("go", "build", "-o", out+"/", "./cmd/...")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	entries, err := os.ReadDir(out)
	must(t, err)
	var found []string
	for _, e := range entries {
		found = append(found, strings.TrimSuffix(e.Name(), ".exe"))
	}
	if diff := cmp.Diff([]string{"handler", "one", "tool", "two"}, found); diff != "" {
		t.Error(diff)
	}
}
