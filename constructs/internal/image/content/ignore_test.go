package content

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIgnore compares with what docker build sends, as its documentation has it.
// https://docs.docker.com/build/concepts/context/#dockerignore-files
func TestIgnore(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"Dockerfile": "FROM scratch", "README.md": "", "README-secret.md": "", "a.go": "", "somedir/temporary.txt": "",
		"somedir/subdir/temporary.txt": "", "somedir/keep.txt": "", "tempa": "", "tempb/x": "", "docs/a.md": "", "docs/deep/b.md": "",
		"node_modules/m/index.js": "", "node_modules/keep/index.js": "",
	}
	for name, tc := range map[string]struct {
		ignore string
		gone   string // words that are sent no more
	}{
		"empty":                    {"", ""},
		"comment":                  {"# a.go\n\n   \n", ""},
		"a comment needs column 1": {" # a.go\n", ""},
		"name in the root":         {"a.go", "a.go"},
		"not at any depth":         {"temporary.txt", ""},
		"one level":                {"*/temp*", "somedir/temporary.txt"},
		"two levels":               {"*/*/temp*", "somedir/subdir/temporary.txt"},
		"question mark":            {"temp?", "tempa tempb/x"},
		"class":                    {"temp[b-z]", "tempb/x"},
		"negated class":            {"temp[^b]", "tempa"},
		"any depth":                {"**/temporary.txt", "somedir/temporary.txt somedir/subdir/temporary.txt"},
		"all of a kind":            {"**/*.md", "README.md README-secret.md docs/a.md docs/deep/b.md"},
		"directory":                {"docs", "docs/a.md docs/deep/b.md"},
		"directory with a slash":   {"docs/", "docs/a.md docs/deep/b.md"},
		"leading slash":            {"/docs", "docs/a.md docs/deep/b.md"},
		"dot slash":                {"./docs/../docs/deep", "docs/deep/b.md"},
		"white space":              {"  a.go  ", "a.go"},
		"carriage return":          {"a.go\r\ndocs\r\n", "a.go docs/a.md docs/deep/b.md"},
		"byte order mark":          {"\xef\xbb\xbfa.go", "a.go"},
		"exception":                {"*.md\n!README.md", "README-secret.md"},
		"exception and back":       {"*.md\n!README*.md\nREADME-secret.md", "README-secret.md"},
		"last one wins":            {"*.md\nREADME-secret.md\n!README*.md", ""},
		"exception in a directory": {"node_modules\n!node_modules/keep", "node_modules/m/index.js"},
		"exception with a glob":    {"node_modules\n!**/keep/*", "node_modules/m/index.js"},
		"everything but":           {"*\n!somedir/keep.txt", "README.md README-secret.md a.go somedir/temporary.txt somedir/subdir/temporary.txt tempa tempb/x docs/a.md docs/deep/b.md node_modules/m/index.js node_modules/keep/index.js"},
		"all and back":             {"**\n!docs", "README.md README-secret.md a.go somedir/temporary.txt somedir/subdir/temporary.txt somedir/keep.txt tempa tempb/x node_modules/m/index.js node_modules/keep/index.js"},
		"exception of nothing":     {"!docs", ""},
		"the two files stay":       {"Dockerfile\n.dockerignore", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, all)
			write(t, dir, map[string]string{".dockerignore": tc.ignore})
			in := inspect(t, Docker{Context: dir})
			sent := map[string]bool{}
			for _, f := range in.ContextFiles {
				sent[f] = true
			}
			gone := map[string]bool{}
			for f := range strings.FieldsSeq(tc.gone) {
				gone[f] = true
			}
			want := map[string]bool{".dockerignore": true}
			for f := range all {
				if !gone[f] {
					want[f] = true
				}
			}
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIgnoreOfDockerfile(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		".dockerignore": "a", "a": "", "b": "FROM scratch", "build/Dockerfile": "FROM scratch", "build/Dockerfile.dockerignore": "b\nbuild",
	})
	for dockerfile, want := range map[string][]string{
		"build/Dockerfile": {".dockerignore", "a", "build/Dockerfile"}, // its own goes first
		"b":                {".dockerignore", "b", "build/Dockerfile", "build/Dockerfile.dockerignore"},
	} {
		in := inspect(t, Docker{Context: dir, Dockerfile: dockerfile})
		if diff := cmp.Diff(want, in.ContextFiles); diff != "" {
			t.Errorf("%s: %s", dockerfile, diff)
		}
	}
}

func TestIgnoreErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ ignore, want string }{
		"bad patterns": {"a[\nok\n**/[z-a]\n", `ContextDir: must have valid patterns in .dockerignore, got "a[": syntax error in pattern
ContextDir: must have valid patterns in .dockerignore, got "**/[z-a]": syntax error in pattern`},
		"not UTF-8": {"\xff", "ContextDir: must have a .dockerignore in UTF-8 without NUL, got other bytes"},
		"only !":    {"!", `ContextDir: must have valid patterns in .dockerignore, got "!": illegal exclusion pattern: "!"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, map[string]string{"Dockerfile": "FROM scratch", ".dockerignore": tc.ignore, "a": ""})
			_, err := Docker{Context: dir}.Inspect(context.Background())
			wantError(t, err, tc.want)
		})
	}
}
