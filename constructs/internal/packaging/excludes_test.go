package packaging

import (
	"context"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExcludes(t *testing.T) {
	t.Parallel()
	const all = "a.py a.pyc docs/a.md docs/b.txt lib/tests/t.py lib/x.py node_modules/keep/k.js node_modules/other/o.js tests/t.py"
	for _, tc := range []struct {
		name     string
		excludes []string
		ignore   string
		want     string
	}{
		{name: "none", excludes: []string{}, want: all},
		{name: "default", want: "a.py docs/a.md docs/b.txt lib/x.py"},
		{name: "name at any depth", excludes: []string{"tests"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/x.py node_modules/keep/k.js node_modules/other/o.js"},
		{name: "slash at the end does not anchor", excludes: []string{"tests/", "node_modules/"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/x.py"},
		{name: "slash at the start anchors", excludes: []string{"/tests", "node_modules"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/tests/t.py lib/x.py"},
		{name: "dot slash anchors", excludes: []string{"./tests", "node_modules"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/tests/t.py lib/x.py"},
		{name: "path is relative to the root", excludes: []string{"lib/tests", "node_modules"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/x.py tests/t.py"},
		{name: "star in a name", excludes: []string{"*.py*", "node_modules"}, want: "docs/a.md docs/b.txt"},
		{name: "star stays in a directory", excludes: []string{"*/t.py", "node_modules"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/tests/t.py lib/x.py"},
		{name: "two stars cross directories", excludes: []string{"**/t.py", "node_modules/**"}, want: "a.py a.pyc docs/a.md docs/b.txt lib/x.py"},
		{name: "two stars in the middle", excludes: []string{"lib/**/*.py", "node_modules"}, want: "a.py a.pyc docs/a.md docs/b.txt tests/t.py"},
		{name: "set and question mark", excludes: []string{"[ab].???", "node_modules"}, want: "a.py docs/a.md lib/tests/t.py lib/x.py tests/t.py"},
		{name: "include below an excluded directory", excludes: []string{"node_modules", "!node_modules/keep", "lib", "tests"}, want: "a.py a.pyc docs/a.md docs/b.txt node_modules/keep/k.js"},
		{name: "include by name below an excluded directory", excludes: []string{"*", "!*.md"}, want: "docs/a.md"},
		{name: "include with two stars", excludes: []string{"node_modules", "docs", "lib", "!**/keep/*.js", "!lib/**/t.py"}, want: "a.py a.pyc lib/tests/t.py node_modules/keep/k.js tests/t.py"},
		{name: "last match wins over include", excludes: []string{"!lib", "lib", "node_modules", "docs"}, want: "a.py a.pyc tests/t.py"},
		{name: "include of a directory after one of its files", excludes: []string{"docs/a.md", "!docs", "node_modules", "lib", "tests"}, want: "a.py a.pyc docs/a.md docs/b.txt"},
		{name: "exclude again below an included directory", excludes: []string{"*", "!docs", "docs/*.txt"}, want: "docs/a.md"},
		{name: "ignore file", excludes: []string{}, ignore: "\ufeff# a comment\r\n\r\n  lib  \ntests\nnode_modules\n! node_modules/keep\n#docs", want: "a.py a.pyc docs/a.md docs/b.txt node_modules/keep/k.js"},
		{name: "ignore file comes after excludes", excludes: []string{"*.py", "node_modules"}, ignore: "!a.py\n", want: "a.py a.pyc docs/a.md docs/b.txt"},
		{name: "ignore file comes after the default", ignore: "!tests\nlib", want: "a.py docs/a.md docs/b.txt tests/t.py"},
		{name: "ignore file anchors", excludes: []string{"node_modules"}, ignore: "/tests", want: "a.py a.pyc docs/a.md docs/b.txt lib/tests/t.py lib/x.py"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{}
			for name := range strings.FieldsSeq(all) {
				files[name] = name
			}
			if tc.ignore != "" {
				files[ignoreName] = tc.ignore
			}
			p, err := FromDirectory(context.Background(), DirectoryOptions{Path: tree(t, files), Name: "p", Excludes: tc.excludes})
			must(t, err)
			if diff := cmp.Diff(tc.want, strings.Join(names(p), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExcludesOddNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.pyc", "new\nline/x.pyc", true},
		{`\!important`, "!important", true},
		{"!!important", "!important", false},
		{`\#x`, "#x", true},
		{"#x", "#x", true},
		{"a+b(c)", "a+b(c)", true},
		{"ä*", "ärger", true},
		{"a b", "dir/a b", true},
		{"**", "any/thing", true},
		{".*", ".hidden", true},
		{".*", "x.hidden", false},
	} {
		e, err := newExcludes([]string{tc.pattern}, nil)
		must(t, err)
		if got := e.decide(tc.name, verdict{}).excluded; got != tc.want {
			t.Errorf("%q excludes %q: got %v, want %v", tc.pattern, tc.name, got, tc.want)
		}
	}
}

// TestExcludedDirectoriesAreSkipped checks that a directory nobody can include
// anything from is not even read.
func TestExcludedDirectoriesAreSkipped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		excludes []string
		dir      string
		want     bool
	}{
		{[]string{"a"}, "a", false},
		{[]string{"!x", "a"}, "a", false},
		{[]string{"a", "!b/c"}, "a", false},
		{[]string{"a", "!a/c/d"}, "a", true},
		{[]string{"a", "!a/c/d"}, "a/b", false},
		{[]string{"a", "!a/*/d"}, "a/b", true},
		{[]string{"a", "!b/**/x"}, "a", false},
		{[]string{"a", "!**/x"}, "a", true},
		{[]string{"a", "!x"}, "a", true},
		{[]string{"a", "![xa]/d"}, "a", true},
	} {
		e, err := newExcludes(tc.excludes, nil)
		must(t, err)
		above := verdict{}
		for dir := range ancestors(tc.dir) {
			above = e.decide(dir, above)
		}
		if !above.excluded {
			t.Errorf("%q: %s is not excluded", tc.excludes, tc.dir)
		}
		if got := e.mayHoldIncluded(tc.dir, above); got != tc.want {
			t.Errorf("%q: may hold included below %s: got %v, want %v", tc.excludes, tc.dir, got, tc.want)
		}
	}
}

// ancestors yields the directories from the root down to dir.
func ancestors(dir string) func(func(string) bool) {
	return func(yield func(string) bool) {
		if up := path.Dir(dir); up != "." {
			for d := range ancestors(up) {
				if !yield(d) {
					return
				}
			}
		}
		yield(dir)
	}
}

func TestValidateExcludes(t *testing.T) {
	t.Parallel()
	must(t, ValidateExcludes(nil))
	must(t, ValidateExcludes(DefaultExcludes()))
	must(t, ValidateExcludes([]string{"!a", "a/**/b", "[a-z]?", `\!x`, " x "}))
	wantError(t, ValidateExcludes([]string{"ok", "[", "", "!", "/", ".", "!../x", "a/../..", "x\\", "[z-a]", "\xff", "a\x00", "!["}),
		`pattern "[": syntax error in pattern
pattern "": names nothing
pattern "!": names nothing
pattern "/": names nothing
pattern ".": names the directory itself
pattern "!../x": leads out of the directory
pattern "a/../..": leads out of the directory
pattern "x\\": syntax error in pattern
pattern "[z-a]": syntax error in pattern
pattern "\xff": must be valid UTF-8 without NUL
pattern "a\x00": must be valid UTF-8 without NUL
pattern "![": syntax error in pattern`)

	_, err := FromDirectory(context.Background(), DirectoryOptions{
		Path:     tree(t, map[string]string{"a": "", ignoreName: "# ok\n[\nb\n!..\n"}),
		Excludes: []string{"["},
	})
	wantError(t, err, `pattern "[": syntax error in pattern
.lambdaignore line 2: pattern "[": syntax error in pattern
.lambdaignore line 4: pattern "!..": leads out of the directory`)
}
