package content

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new directory. A name that ends in "*" is executable, a
// content that starts with "->" makes a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		mode := os.FileMode(0o644)
		if n, ok := strings.CutSuffix(name, "*"); ok {
			name, mode = n, 0o755
		}
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if target, ok := strings.CutPrefix(text, "->"); ok {
			must(t, os.Symlink(target, path))
			continue
		}
		must(t, os.WriteFile(path, []byte(text), mode))
		must(t, os.Chmod(path, mode))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func inspect(t *testing.T, d Docker) Inspection {
	t.Helper()
	in, err := d.Inspect(context.Background())
	must(t, err)
	return in
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func sample() map[string]string {
	return map[string]string{
		"Dockerfile":    "FROM scratch\nCOPY . /\n",
		"app/main.py":   "print('hello')\n",
		"app/run.sh*":   "#!/bin/sh\n",
		"app/link":      "->main.py",
		"empty":         "",
		"odd\nname $()": "x",
	}
}

// TestHashGolden notices a change of the hash, which would give every image
// another tag.
func TestHashGolden(t *testing.T) {
	t.Parallel()
	in := inspect(t, Docker{
		Context:   tree(t, sample()),
		BuildArgs: map[string]string{"A": "1"},
		Target:    "final",
		Platforms: []string{"linux/arm64"},
		Labels:    map[string]string{"team": "x"},
		Secrets:   []Secret{{ID: "npm", Env: "NPM_TOKEN"}},
		ForLambda: true,
	})
	const want = "6dfac3f59a47efe70cbd286564ee08b2bf21522dabd25e6213014e9ea8620544"
	if in.Hash != want {
		t.Errorf("Hash = %s, want %s", in.Hash, want)
	}
	if in.Files != 6 || in.Bytes != 48 {
		t.Errorf("%d files, %d bytes", in.Files, in.Bytes)
	}
}

// TestHashInputs changes one thing at a time.
func TestHashInputs(t *testing.T) {
	t.Parallel()
	base := Docker{Secrets: []Secret{{ID: "a", Env: "A"}}, Platforms: []string{"linux/amd64", "linux/arm64"}}
	dir := tree(t, sample())
	base.Context = dir
	first := inspect(t, base).Hash
	if len(first) != 64 {
		t.Fatalf("Hash = %q", first)
	}
	seen := map[string]string{first: "nothing"}
	changes := map[string]struct {
		files  func(dir string)
		change func(*Docker)
	}{
		"content":        {files: func(dir string) { must(t, os.WriteFile(dir+"/app/main.py", []byte("print('hallo')\n"), 0o644)) }},
		"execute bit":    {files: func(dir string) { must(t, os.Chmod(dir+"/app/main.py", 0o744)) }},
		"no execute bit": {files: func(dir string) { must(t, os.Chmod(dir+"/app/run.sh", 0o644)) }},
		"name":           {files: func(dir string) { must(t, os.Rename(dir+"/empty", dir+"/vacant")) }},
		"directory":      {files: func(dir string) { must(t, os.Rename(dir+"/empty", dir+"/app/empty")) }},
		"new file":       {files: func(dir string) { must(t, os.WriteFile(dir+"/new", nil, 0o644)) }},
		"removed file":   {files: func(dir string) { must(t, os.Remove(dir+"/empty")) }},
		"link target":    {files: func(dir string) { relink(t, "run.sh", dir+"/app/link") }},
		"link to file": {files: func(dir string) {
			must(t, os.Remove(dir+"/app/link"))
			write(t, dir, map[string]string{"app/link": "main.py"})
		}},
		"Dockerfile": {files: func(dir string) {
			must(t, os.WriteFile(dir+"/Dockerfile", []byte("FROM scratch\nCOPY app /\n"), 0o644))
		}},
		"other Dockerfile": {func(dir string) { write(t, dir, map[string]string{"Other": "FROM scratch"}) }, func(d *Docker) { d.Dockerfile = "Other" }},
		"argument":         {change: func(d *Docker) { d.BuildArgs = map[string]string{"A": "1"} }},
		"argument's value": {change: func(d *Docker) { d.BuildArgs = map[string]string{"A": "2"} }},
		"two arguments":    {change: func(d *Docker) { d.BuildArgs = map[string]string{"A": "1", "B": ""} }},
		"shifted argument": {change: func(d *Docker) { d.BuildArgs = map[string]string{"A1": "B"} }},
		"target":           {change: func(d *Docker) { d.Target = "final" }},
		"platforms":        {change: func(d *Docker) { d.Platforms = []string{"linux/amd64"} }},
		"label":            {change: func(d *Docker) { d.Labels = map[string]string{"A": "1"} }},
		"secret":           {change: func(d *Docker) { d.Secrets = append(d.Secrets, Secret{ID: "b", File: "/x"}) }},
		"for lambda":       {change: func(d *Docker) { d.ForLambda = true }},
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		d := base
		d.Context = tree(t, sample())
		d.Secrets = slices.Clone(base.Secrets)
		if f := changes[name].files; f != nil {
			f(d.Context)
		}
		if f := changes[name].change; f != nil {
			f(&d)
		}
		hash := inspect(t, d).Hash
		if other, ok := seen[hash]; ok {
			t.Errorf("%s changes no more than %s", name, other)
		}
		seen[hash] = name
	}
}

func relink(t *testing.T, target, path string) {
	t.Helper()
	must(t, os.Remove(path))
	must(t, os.Symlink(target, path))
}

// TestHashIgnores lists what must not change the hash.
func TestHashIgnores(t *testing.T) {
	t.Parallel()
	base := Docker{Context: tree(t, sample()), Secrets: []Secret{{ID: "b", Env: "B"}, {ID: "a", File: "/a"}}, Platforms: []string{"linux/arm64", "linux/amd64"}}
	want := inspect(t, base).Hash
	for name, change := range map[string]func(d *Docker){
		"nothing": func(*Docker) {},
		"modes of another umask": func(d *Docker) {
			must(t, filepath.WalkDir(d.Context, func(path string, e os.DirEntry, err error) error {
				info, _ := e.Info()
				if err == nil && e.Type()&os.ModeSymlink == 0 {
					err = os.Chmod(path, info.Mode()&^0o077)
				}
				return err
			}))
		},
		"times": func(d *Docker) {
			must(t, os.Chtimes(d.Context+"/app/main.py", time.Unix(1, 0), time.Unix(1, 0)))
		},
		"an empty directory":      func(d *Docker) { must(t, os.MkdirAll(d.Context+"/__pycache__/deep", 0o755)) },
		"a socket":                func(d *Docker) { socket(t, d.Context) },
		"another way to the same": func(d *Docker) { d.Context += "/app/.." },
		"a link to the context": func(d *Docker) {
			link := filepath.Join(t.TempDir(), "link")
			must(t, os.Symlink(d.Context, link))
			d.Context = link
		},
		"the default in words": func(d *Docker) { d.Dockerfile = "./Dockerfile" },
		"order of lists": func(d *Docker) {
			d.Secrets = []Secret{{ID: "a", Env: "OTHER"}, {ID: "b", File: "/b"}}
			d.Platforms = []string{"linux/amd64", "linux/arm64", "linux/amd64"}
		},
		"caches and the program": func(d *Docker) { d.CacheFrom, d.CacheTo, d.Binary = []string{"x"}, []string{"y"}, "podman" },
		"nil and empty":          func(d *Docker) { d.BuildArgs, d.Labels = map[string]string{}, map[string]string{} },
	} {
		d := base
		d.Context = tree(t, sample())
		change(&d)
		if got := inspect(t, d).Hash; got != want {
			t.Errorf("%s changes the hash", name)
		}
	}
}

// socket makes a socket in dir, by a relative name because the path can be too
// long for an address.
func socket(t *testing.T, dir string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(fd)
	path := filepath.Join(dir, "s")
	if len(path) > 100 {
		t.Skip("the path of the test's directory is too long for a socket")
	}
	l, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { l.Close() })
}

func TestSecretValuesAreNotRead(t *testing.T) {
	dir := tree(t, sample())
	d := Docker{Context: dir, Secrets: []Secret{{ID: "a", Env: "AEGIS_TEST_SECRET"}, {ID: "b", File: filepath.Join(t.TempDir(), "b")}}}
	t.Setenv("AEGIS_TEST_SECRET", "one")
	first := inspect(t, d).Hash
	t.Setenv("AEGIS_TEST_SECRET", "two")
	must(t, os.WriteFile(d.Secrets[1].File, []byte("two"), 0o600))
	if inspect(t, d).Hash != first {
		t.Error("a secret's value changes the hash")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"ok/Dockerfile": "FROM scratch", "ok/dir/x": "", "outside": "FROM scratch", "empty/Dockerfile": " \n"})
	must(t, os.Symlink("../outside", dir+"/ok/link"))
	must(t, os.Symlink("nowhere", dir+"/ok/broken"))
	for name, tc := range map[string]struct {
		d    Docker
		want string
	}{
		"no context":      {Docker{}, `ContextDir: must name the directory to build from, got ""`},
		"missing context": {Docker{Context: dir + "/nope"}, `ContextDir: must be a directory that exists, got "` + dir + `/nope"`},
		"file as context": {Docker{Context: dir + "/outside"}, `ContextDir: must be a directory, got the file "` + dir + `/outside"`},
		"no Dockerfile":   {Docker{Context: dir + "/ok", Dockerfile: "no"}, `Dockerfile: must be a file that exists in ` + dir + `/ok, got "no"`},
		"broken link":     {Docker{Context: dir + "/ok", Dockerfile: "broken"}, `Dockerfile: must be a file that exists in ` + dir + `/ok, got "broken"`},
		"directory":       {Docker{Context: dir + "/ok", Dockerfile: "dir"}, `Dockerfile: must be a file, got the directory "dir"`},
		"outside":         {Docker{Context: dir + "/ok", Dockerfile: "../outside"}, `Dockerfile: must be inside ContextDir unless that is allowed, got "../outside"`},
		"absolute":        {Docker{Context: dir + "/ok", Dockerfile: dir + "/outside"}, `Dockerfile: must be inside ContextDir unless that is allowed, got "` + dir + `/outside"`},
		"link outside":    {Docker{Context: dir + "/ok", Dockerfile: "link"}, `Dockerfile: must be inside ContextDir unless that is allowed, got "link"`},
		"empty":           {Docker{Context: dir + "/empty"}, `Dockerfile: must not be empty, got "Dockerfile"`},
		"secrets": {
			Docker{Context: dir + "/ok", Secrets: []Secret{{}, {ID: "a", Env: "x", File: "y"}, {ID: "a", Env: "x"}}},
			`Secrets[0].ID: must be the id that the Dockerfile mounts, got ""
Secrets[0]: must have one of Env and File, got neither
Secrets[1]: must have one of Env and File, got both
Secrets[2].ID: must be given once, got "a" again`,
		},
		"allowed outside": {Docker{Context: dir + "/ok", Dockerfile: "../outside", AllowOutside: true}, ""},
		"allowed link":    {Docker{Context: dir + "/ok", Dockerfile: "link", AllowOutside: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.d.Inspect(context.Background())
			wantError(t, err, tc.want)
		})
	}
}

// TestAllErrors checks that one run shows everything.
func TestAllErrors(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a": "", "z": ""})
	must(t, syscall.Mkfifo(dir+"/pipe\n", 0o644))
	_, err := Docker{Context: dir, Secrets: []Secret{{ID: "x"}}}.Inspect(context.Background())
	wantError(t, err, `Dockerfile: must be a file that exists in `+dir+`, got "Dockerfile"
ContextDir: must hold files, directories and links only, got the named pipe "pipe\n"
Secrets[0]: must have one of Env and File, got neither`)
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a": "", "b": "", "c": ""})
	list, found := walk(context.Background(), dir, mustIgnore(t, dir))
	if len(found) > 0 || len(list) != 3 {
		t.Fatal(found, list)
	}
	problems := list.digest(context.Background(), dir, func(path string) (*os.File, error) {
		if filepath.Base(path) == "b" {
			return os.Open(path)
		}
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission}
	})
	wantError(t, problems.err(), "ContextDir: must be readable, got a: permission denied\nContextDir: must be readable, got c: permission denied")
}

func mustIgnore(t *testing.T, dir string) *ignore {
	t.Helper()
	i, err := readIgnore(dir, dir+"/Dockerfile", "Dockerfile")
	must(t, err)
	return i
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Docker{Context: tree(t, sample())}).Inspect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
