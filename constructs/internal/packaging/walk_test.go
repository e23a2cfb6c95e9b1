//go:build unix

package packaging

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromDirectoryArguments(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a.py": "", "empty/": "", "tests/t.py": "", "only/.git/x": ""})
	for _, tc := range []struct {
		name string
		o    DirectoryOptions
		want string
	}{
		{"no path", DirectoryOptions{}, "directory must not be empty"},
		{"missing", DirectoryOptions{Path: dir + "/nope"}, dir + "/nope does not exist"},
		{"file", DirectoryOptions{Path: dir + "/a.py"}, dir + "/a.py must be a directory, got a regular file"},
		{"device", DirectoryOptions{Path: os.DevNull}, os.DevNull + " must be a directory, got a device"},
		{"empty", DirectoryOptions{Path: dir + "/empty"}, "empty package: nothing is left of " + dir + "/empty after the excludes"},
		{"empty after excludes", DirectoryOptions{Path: dir + "/only"}, "empty package: nothing is left of " + dir + "/only after the excludes"},
		{"name with a slash", DirectoryOptions{Path: dir, Name: "a/b"}, `package name must be a file name without special characters that does not start with a dot, got "a/b"`},
		{"name that is hidden", DirectoryOptions{Path: dir, Name: "..x"}, `package name must be a file name without special characters that does not start with a dot, got "..x"`},
		{"name with a newline", DirectoryOptions{Path: dir, Name: "a\nb"}, `package name must be a file name without special characters that does not start with a dot, got "a\nb"`},
		{"longest name", DirectoryOptions{Path: dir, Name: strings.Repeat("x", 200)}, ""},
		{"too long a name", DirectoryOptions{Path: dir, Name: strings.Repeat("x", 201)}, "package name must have at most 200 bytes, got 201"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := FromDirectory(context.Background(), tc.o)
			wantError(t, err, tc.want)
		})
	}
}

func TestFromDirectoryDefaults(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tree(t, map[string]string{"my handler/a.py": "1", "my handler/bin/tool*": "22", "my handler/tests/t.py": "333"}), "my handler")
	p, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir})
	must(t, err)
	if got := filepath.Base(p.Path); got != "my handler.zip" || !filepath.IsAbs(p.Path) {
		t.Errorf("Path: %s", p.Path)
	}
	want := []File{{"a.py", 1, 0o644}, {"bin/tool", 2, 0o755}}
	if diff := cmp.Diff(want, p.Files); diff != "" {
		t.Error(diff)
	}
	if p.UnzippedSize != 3 {
		t.Errorf("UnzippedSize: %d", p.UnzippedSize)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a": "", "b": "", "c": "", "d": "", bootstrapName: "", "sub/" + bootstrapName: ""})
	for name, mode := range map[string]os.FileMode{"a": 0o600, "b": 0o700, "c": 0o677, "d": 0o4755, bootstrapName: 0o600, "sub/" + bootstrapName: 0o644} {
		must(t, os.Chmod(filepath.Join(dir, name), mode))
	}
	want := []File{{"a", 0, 0o644}, {"b", 0, 0o755}, {"bootstrap", 0, 0o755}, {"c", 0, 0o644}, {"d", 0, 0o755}, {"sub/bootstrap", 0, 0o644}}
	if diff := cmp.Diff(want, fromDir(t, dir).Files); diff != "" {
		t.Error(diff)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	outside := tree(t, map[string]string{"secret": "s", "dir/x": "x"})
	for _, tc := range []struct {
		name     string
		files    map[string]string
		excludes []string
		want     string // names of the package, or the error after its first line
	}{
		{"file", map[string]string{"a/real.py": "1", "b/link.py": "->../a/real.py", "c": "->b/link.py"}, nil, "a/real.py b/link.py c"},
		{"directory", map[string]string{"a/x": "1", "a/s/y": "1", "b": "->a"}, nil, "a/s/y a/x b/s/y b/x"},
		{"into an excluded directory", map[string]string{"a/x": "1", "b": "->a"}, []string{"/a"}, "b/x"},
		{"same directory twice", map[string]string{"a/x": "1", "b/c": "->../a", "b/d": "->../a"}, nil, "a/x b/c/x b/d/x"},
		{"absolute inside", map[string]string{"a/x": "1", "b": "->ROOT/a"}, nil, "a/x b/x"},
		{"excluded links are nobody's problem", map[string]string{"a": "1", "b": "->nope", "c": "->" + outside + "/secret", "d": "->d"}, []string{"[b-d]", "!x"}, "a"},
		{"outside", map[string]string{"a": "1", "b": "->" + outside + "/secret", "c/d": "->" + outside + "/dir"}, nil,
			"b: symbolic link to " + outside + "/secret, which is outside the directory\nc/d: symbolic link to " + outside + "/dir, which is outside the directory"},
		{"outside by dots", map[string]string{"a": "1", "b": "->.."}, nil, "b: symbolic link to .., which is outside the directory"},
		{"outside through a link inside", map[string]string{"a": "->b/secret", "b": "->" + outside}, nil,
			"a: symbolic link to b/secret, which is outside the directory\nb: symbolic link to " + outside + ", which is outside the directory"},
		{"broken", map[string]string{"a": "1", "b": "->nope", "c": "->../nope"}, nil,
			"b: symbolic link to nope, which does not exist\nc: symbolic link to ../nope, which does not exist"},
		{"circle", map[string]string{"a": "1", "b": "->c", "c": "->b"}, nil,
			"b: symbolic link to c, which leads in a circle\nc: symbolic link to b, which leads in a circle"},
		{"to the root", map[string]string{"a": "1", "b/c": "->.."}, nil, "b/c: symbolic link leads back to a directory above it (.)"},
		{"to a parent", map[string]string{"a/b/c": "1", "a/b/d": "->../../a"}, nil, "a/b/d: symbolic link leads back to a directory above it (a)"},
		{"back by a detour", map[string]string{"a/b/up": "->..", "s": "->a/b"}, nil,
			"a/b/up: symbolic link leads back to a directory above it (a)\ns/up: symbolic link leads back to a directory above it (a/b)"},
		{"two which hold each other", map[string]string{"a/b": "->../c", "c/d": "->../a"}, nil,
			"a/b/d: symbolic link leads back to a directory above it (a)\nc/d/b: symbolic link leads back to a directory above it (c)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range tc.files {
				tc.files[name] = strings.ReplaceAll(content, "ROOT", dir)
			}
			write(t, dir, tc.files)
			if tc.excludes == nil {
				tc.excludes = []string{}
			}
			p, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir, Name: "p", Excludes: tc.excludes})
			var got string
			if err != nil {
				got = strings.TrimPrefix(err.Error(), "cannot package "+dir+":\n")
			} else {
				got = strings.Join(names(p), " ")
			}
			if got != tc.want {
				t.Errorf("\n got: %s\nwant: %s", got, tc.want)
			}
		})
	}
}

func TestLinkedRoot(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"real/a": "1", "real/l": "->a", "link": "->real"})
	a, b := fromDir(t, dir+"/real"), fromDir(t, dir+"/link")
	if a.SHA256 != b.SHA256 {
		t.Error("a link to a directory gives another package than the directory")
	}
}

// TestAllProblems checks that one run names everything, in order.
func TestAllProblems(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"ok": "1", "z": "->nope", "sub/l": "->/", "m/\xff\xfe": "1", "new\nline": "->nope"})
	must(t, syscall.Mkfifo(filepath.Join(dir, "sub", "pipe"), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(dir, "excluded"), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(dir, "y"), 0o600))
	huge, err := os.Create(filepath.Join(dir, "huge"))
	must(t, err)
	must(t, huge.Truncate(maxFileSize+1))
	must(t, huge.Close())

	want := fmt.Sprintf(`cannot package %s:
huge: is 4096 MiB, a file in a package must be smaller than 4 GiB
"m/\xff\xfe": name is not valid UTF-8
"new\nline": symbolic link to nope, which does not exist
sub/l: symbolic link to /, which is outside the directory
sub/pipe: is a named pipe, only files and directories can be packaged
y: is a named pipe, only files and directories can be packaged
z: symbolic link to nope, which does not exist`, dir)
	for range 3 {
		_, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir, Excludes: []string{"excluded"}})
		wantError(t, err, want)
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "") //nolint:usetesting // short, as the path of a socket must be
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	_, err = FromDirectory(context.Background(), DirectoryOptions{Path: dir})
	wantError(t, err, "cannot package "+dir+":\ns: is a socket, only files and directories can be packaged")
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root can read everything")
	}
	dir := tree(t, map[string]string{"ok": "1", "closed": "1", "dir/x": "1", "z": "->nope"})
	must(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	must(t, os.Chmod(filepath.Join(dir, "dir"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "dir"), 0o700) })
	_, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir})
	wantError(t, err, "cannot package "+dir+`:
closed: cannot be read: permission denied
dir: cannot be read: permission denied
z: symbolic link to nope, which does not exist`)

	must(t, os.Chmod(dir, 0o300))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	_, err = FromDirectory(context.Background(), DirectoryOptions{Path: dir})
	wantError(t, err, "cannot package "+dir+":\n.: cannot be read: permission denied")
}
