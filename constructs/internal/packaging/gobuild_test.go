package packaging

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zip"
)

// module is a small module without dependencies. Not even fmt: the standard
// library would have to be compiled for both architectures.
func module() map[string]string {
	return map[string]string{
		"go.mod":                "module example.com/m\n\ngo 1.24\n",
		"cmd/handler/main.go":   "package main\n\nimport \"example.com/m/lib\"\n\nvar version = \"none\"\n\nfunc main() { println(lib.Greeting, version) }\n",
		"cmd/handler/tagged.go": "//go:build special\n\npackage main\n\nfunc init() { println(\"special\") }\n",
		"lib/lib.go":            "package lib\n\nconst Greeting = \"hello\"\n",
		"empty/readme":          "",
	}
}

func fromGo(t *testing.T, o GoOptions) *Package {
	t.Helper()
	if o.Package == "" {
		o.Package = "./cmd/handler"
	}
	if o.Arch == "" {
		o.Arch = runtime.GOARCH
	}
	p, err := FromGo(context.Background(), o)
	must(t, err)
	return p
}

func TestFromGo(t *testing.T) {
	t.Parallel()
	dir := tree(t, module())
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	for arch, machine := range machines {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			p := fromGo(t, GoOptions{Dir: dir, Arch: arch})
			if filepath.Base(p.Path) != "handler.zip" {
				t.Errorf("Path: %s", p.Path)
			}
			want := []File{{"bootstrap", p.UnzippedSize, 0o755}}
			if diff := cmp.Diff(want, p.Files); diff != "" {
				t.Error(diff)
			}
			must(t, CheckHandler(p, "provided.al2023", "x"))
			r, err := zip.OpenReader(p.Path)
			must(t, err)
			defer r.Close()
			f, err := r.File[0].Open()
			must(t, err)
			var program bytes.Buffer
			_, err = program.ReadFrom(f)
			must(t, err)
			e, err := elf.NewFile(bytes.NewReader(program.Bytes()))
			must(t, err)
			if e.Machine != machine || e.Section(".symtab") != nil {
				t.Errorf("machine %v, symbols %v", e.Machine, e.Section(".symtab"))
			}
			if bytes.Contains(program.Bytes(), []byte(dir)) {
				t.Error("the program holds the directory it was built in")
			}
		})
	}
}

// TestGoReproducible builds one module in two places, for two users with other
// settings, and with empty caches of packages.
func TestGoReproducible(t *testing.T) {
	settings := []map[string]string{
		{"GOFLAGS": "", "GODEBUG": "", "CGO_ENABLED": "1"},
		{
			"GOFLAGS": "-gcflags=all=-N '-ldflags=-X main.version=user' -tags=special -mod=mod -modcacherw", "GOAMD64": "v3", "GOARM64": "v9.0",
			"GOOS": "darwin", "GOARCH": "386", "CGO_ENABLED": "0", "CGO_CFLAGS": "-O3", "GODEBUG": "http2client=0",
		},
	}
	config := filepath.Join(t.TempDir(), "env")
	must(t, os.WriteFile(config, []byte("GOFLAGS=-trimpath=false -ldflags=-buildid=x\nGOAMD64=v2\nGOEXPERIMENT=nogreenteagc\n"), 0o600))
	var digests [2][32]byte
	for i, env := range settings {
		cachedir(t)
		for name, value := range env {
			t.Setenv(name, value)
		}
		if i == 1 {
			t.Setenv("GOENV", config)
		}
		dir := filepath.Join(t.TempDir(), strings.Repeat("deeper/", i))
		write(t, dir, module())
		must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			must(t, err)
			must(t, os.Chmod(path, []fs.FileMode{0o755, 0o700}[i]))
			then := time.Now().AddDate(-i, 0, 0)
			return os.Chtimes(path, then, then)
		}))
		digests[i] = fromGo(t, GoOptions{Dir: dir, Arch: "arm64", Tags: [][]string{{"b", "a", "b"}, {"a", "b"}}[i]}).SHA256
	}
	if digests[0] != digests[1] {
		t.Error("two users get different bytes")
	}
}

// TestGoNoticesChanges checks that nothing but go decides what is up to date,
// within one process.
func TestGoNoticesChanges(t *testing.T) {
	cachedir(t)
	dir := tree(t, module())
	first := fromGo(t, GoOptions{Dir: dir})
	if same := fromGo(t, GoOptions{Dir: dir}); same.SHA256 != first.SHA256 {
		t.Error("the same sources give other bytes")
	}
	// Same size, same time: only the content tells.
	path := filepath.Join(dir, "lib/lib.go")
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(module()["lib/lib.go"], "hello", "world", 1)), 0o600))
	must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	if changed := fromGo(t, GoOptions{Dir: dir}); changed.SHA256 == first.SHA256 {
		t.Error("a changed package was not noticed")
	}
	write(t, dir, module())
	if back := fromGo(t, GoOptions{Dir: dir}); back.SHA256 != first.SHA256 {
		t.Error("a change back gives other bytes")
	}
	seen := map[[32]byte]string{first.SHA256: "plain"}
	for name, o := range map[string]GoOptions{
		"tag":     {Dir: dir, Tags: []string{"special"}},
		"ldflags": {Dir: dir, LDFlags: "-X main.version=1.2.3"},
	} {
		p := fromGo(t, o)
		if other, ok := seen[p.SHA256]; ok {
			t.Errorf("%s and %s give the same bytes", name, other)
		}
		seen[p.SHA256] = name
	}
}

// program returns the path of the only program in the cache's build directory.
func program(t *testing.T, c *cache) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.dir, goBuildDir, "*", bootstrapName))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("programs in the cache: %q", found)
	}
	return found[0]
}

// TestGoSkipsLinking checks that the build id is left in and the program in its
// place, so that go does not link again. A link makes a new file; go sets the
// time of one it leaves alone.
func TestGoSkipsLinking(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, module())
	fromGo(t, GoOptions{Dir: dir})
	before, err := os.Stat(program(t, c))
	must(t, err)
	fromGo(t, GoOptions{Dir: dir})
	after, err := os.Stat(program(t, c))
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("an unchanged program was linked again")
	}
}

// TestGoRepairs damages the program in a place where go does not look.
func TestGoRepairs(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, module())
	want := fromGo(t, GoOptions{Dir: dir})
	for name, damage := range map[string]func(path string) error{
		"cut short":    func(path string) error { return os.Truncate(path, want.UnzippedSize/2) },
		"overwritten":  func(path string) error { return os.WriteFile(path, []byte("#!/bin/sh"), 0o600) },
		"without mark": func(path string) error { return os.Remove(filepath.Join(filepath.Dir(path), buildRecord)) },
		"removed":      os.Remove,
	} {
		must(t, damage(program(t, c)))
		if got := fromGo(t, GoOptions{Dir: dir}); got.SHA256 != want.SHA256 {
			t.Errorf("%s: the program is still damaged", name)
		}
	}
}

func TestGoConcurrent(t *testing.T) {
	t.Parallel()
	dir := tree(t, module())
	var wg sync.WaitGroup
	digests := make([][32]byte, 6)
	for i := range digests {
		wg.Go(func() {
			p, err := FromGo(context.Background(), GoOptions{Dir: dir, Package: "./cmd/handler", Arch: runtime.GOARCH, Name: "n"})
			if err != nil {
				t.Error(err)
				return
			}
			digests[i] = p.SHA256
		})
	}
	wg.Wait()
	if len(slices.Compact(digests)) != 1 {
		t.Error("concurrent builds give different bytes")
	}
}

func TestGoErrors(t *testing.T) {
	dir := tree(t, module())
	write(t, dir, map[string]string{
		"broken/main.go":     "package main\n\nfunc main() { undefined() }\n\nfunc f() int { return \"\" }\n",
		"brokenlib/main.go":  "package main\n\nimport _ \"example.com/m/bad\"\n\nfunc main() {}\n",
		"bad/bad.go":         "package bad\n\nvar x int = \"\"\n",
		"syntax/main.go":     "package main\n\nfunc main( {\n",
		"missing/main.go":    "package main\n\nimport _ \"example.com/m/nowhere\"\n\nfunc main() {}\n",
		"main.go":            "package main\n\nfunc main() {}\n",
		"elsewhere/readme":   "",
		"constraint/main.go": "//go:build windows\n\npackage main\n\nfunc main() {}\n",
	})
	t.Chdir(filepath.Dir(dir))
	rel := filepath.Base(dir)
	for _, tc := range []struct {
		name string
		o    GoOptions
		want string
	}{
		{"not found", GoOptions{Package: "./nope"}, `package "./nope" was not found in ` + rel + ":\n  stat nope: directory not found"},
		{"no Go files", GoOptions{Package: "./empty"}, `package "./empty" was not found in ` + rel + ":\n  no Go files in empty"},
		{"without dot slash", GoOptions{Package: "cmd/handler"}, `package "cmd/handler" was not found in ` + rel + ":\n  package cmd/handler is not in std (" + filepath.Join(goroot(t), "src/cmd/handler") + ")\n  a directory must start with ./: \"./cmd/handler\""},
		{"not main", GoOptions{Package: "./lib"}, `package "./lib" must be package main to be a function, got package lib (example.com/m/lib)`},
		{"not main and broken", GoOptions{Package: "./bad"}, `package "./bad" must be package main to be a function, got package bad (example.com/m/bad)`},
		{"compile errors", GoOptions{Package: "./broken"}, `package "./broken" does not build for linux/amd64:
  ` + rel + `/broken/main.go:3:15: undefined: undefined
  ` + rel + `/broken/main.go:5:23: cannot use "" (untyped string constant) as int value in return statement`},
		{"compile error in the root", GoOptions{Package: ".", Tags: []string{"x"}}, ""},
		{"compile error in an import", GoOptions{Package: "./brokenlib"}, `package "./brokenlib" does not build for linux/amd64:
  ` + rel + `/bad/bad.go:3:13: cannot use "" (untyped string constant) as int value in variable declaration`},
		{"syntax error", GoOptions{Package: "./syntax"}, `package "./syntax" does not build for linux/amd64:
  ` + rel + `/syntax/main.go:3:12: syntax error: unexpected {, expected )`},
		{"missing import", GoOptions{Package: "./missing"}, `package "./missing" does not build for linux/amd64:
  ` + rel + `/missing/main.go:3:8: no required module provides package example.com/m/nowhere; to add it:
  	go get example.com/m/nowhere`},
		{"unknown linker flag", GoOptions{LDFlags: "-nope"}, `LDFlags: the linker does not accept "-s -w -nope": flag provided but not defined: -nope`},
		{"linker flag without value", GoOptions{LDFlags: "-X foo"}, `LDFlags: the linker does not accept "-s -w -X foo": -X flag requires argument of the form importpath.name=value`},
		{"open quote", GoOptions{LDFlags: "-X 'a"}, `LDFlags: the linker does not accept "-s -w -X 'a": for flag -ldflags: unterminated ' string`},
		{"word in linker flags", GoOptions{LDFlags: "word"}, `LDFlags: the linker does not accept "-s -w word": there is a word which is not a flag`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.o.Dir, tc.o.Arch = rel, "amd64"
			if tc.o.Package == "" {
				tc.o.Package = "./cmd/handler"
			}
			_, err := FromGo(context.Background(), tc.o)
			wantError(t, err, tc.want)
		})
	}
	t.Run("no go", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := FromGo(context.Background(), GoOptions{Dir: rel, Package: "./cmd/handler", Arch: "arm64"})
		wantError(t, err, "go was not found in PATH, it is needed to build ./cmd/handler: install Go from https://go.dev/dl/")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer cancel()
		if _, err := FromGo(ctx, GoOptions{Dir: rel, Package: "./cmd/handler", Arch: "amd64", LDFlags: "-X main.version=c"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func goroot(t *testing.T) string {
	t.Helper()
	b := &goBuild{goTool: look(t, "go"), dir: "."}
	out, err := b.command(context.Background(), "env", "GOROOT")
	must(t, err)
	return strings.TrimSpace(out)
}

func TestGoOptions(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"file": ""})
	_, err := FromGo(context.Background(), GoOptions{Dir: dir + "/nope", Arch: "386", Tags: []string{"ok", "a b", "a,b", ""}, Name: "a/b"})
	wantError(t, err, `Package: must name a main package such as "./cmd/handler", got ""
Arch: must be "amd64" or "arm64", got "386"
Tags: must be build tags without spaces and commas, got "a b"
Tags: must be build tags without spaces and commas, got "a,b"
Tags: must be build tags without spaces and commas, got ""
Dir: `+dir+`/nope: no such file or directory
Name: package name must be a file name without special characters that does not start with a dot, got "a/b"`)
	for _, pkg := range []string{"-x", "./...", "main.go", "./a ./b", "example.com/m@latest"} {
		_, err := FromGo(context.Background(), GoOptions{Dir: dir, Package: pkg, Arch: "arm64", Name: "n"})
		want := `Package: must name one main package such as "./cmd/handler", got "` + pkg + `"`
		wantError(t, err, want)
	}
	_, err = FromGo(context.Background(), GoOptions{Dir: dir + "/file", Package: ".", Arch: "arm64"})
	wantError(t, err, "Dir: must be a directory, got a regular file: "+dir+"/file")
}

func TestModuleFlags(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                                nil,
		"-race -v":                        nil,
		"-mod=vendor":                     {"-mod=vendor"},
		" -race\t--mod=mod  -modcacherw ": {"--mod=mod", "-modcacherw"},
		"'-modfile=/a b/go.mod' \"-ldflags=-X 'a.b=-mod=mod'\"": {"'-modfile=/a b/go.mod'"},
		"-modern -mod":   {"-mod"},
		"'-mod=vendor":   {"'-mod=vendor"},
		"-tags=mod -v=1": nil,
	} {
		if diff := cmp.Diff(want, moduleFlags(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := &goBuild{GoOptions: GoOptions{Arch: "arm64", Progress: &out}}
	b.progress("./x")(succeeded)
	b.progress("./x")(failed)
	if out.Len() > 0 {
		t.Errorf("a quick build says %q", out.String())
	}
	for _, end := range []string{succeeded, failed, ""} {
		done := b.progress("./x")
		time.Sleep(progressAfter + 100*time.Millisecond)
		done(end)
	}
	want := "building ./x for arm64 …\nbuilt ./x in N s\nbuilding ./x for arm64 …\nbuilding ./x failed after N s\nbuilding ./x for arm64 …\n"
	if got := regexp.MustCompile(`\b1\.[0-9] s`).ReplaceAllString(out.String(), "N s"); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
