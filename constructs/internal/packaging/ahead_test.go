package packaging

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/ahead"
)

// programs is a module with several programs.
func programs() map[string]string {
	files := module()
	files["main.go"] = "package main\n\nfunc main() { println(\"root\") }\n"
	for _, name := range []string{"one", "two", "other/one", "tool/v2"} {
		files["cmd/"+name+"/main.go"] = "package main\n\nimport \"example.com/m/lib\"\n\nfunc main() { println(lib.Greeting, \"" + name + "\") }\n"
	}
	return files
}

// allPrograms are those of programs, in the order in which they are started.
var allPrograms = []string{"./cmd/one", "./cmd/two", "./cmd/other/one", "./cmd/tool/v2", ".", "example.com/m/cmd/handler"}

func optionsOf(dir string, packages ...string) []GoOptions {
	var options []GoOptions
	for _, p := range packages {
		options = append(options, GoOptions{Dir: dir, Package: p, Arch: runtime.GOARCH, Name: "n"})
	}
	return options
}

// built builds all packages and returns their digests, or errors.
func built(options []GoOptions) []string {
	var results []string
	for _, o := range options {
		p, err := FromGo(context.Background(), o)
		if err != nil {
			results = append(results, err.Error())
			continue
		}
		results = append(results, fmt.Sprintf("%x %s", p.SHA256, filepath.Base(p.Path)))
	}
	return results
}

// countBuilds puts a go in front of the PATH which records what it builds: the
// packages of each go build.
func countBuilds(t *testing.T) (builds func() []string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("go is replaced by a shell script")
	}
	goTool, err := exec.LookPath("go")
	must(t, err)
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := "#!/bin/sh\n[ \"$1\" = build ] && echo \"$*\" >>'" + log + "'\nexec '" + goTool + "' \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() []string {
		text, _ := os.ReadFile(log)
		_ = os.Remove(log)
		var found []string
		for line := range strings.Lines(string(text)) {
			_, packages, _ := strings.Cut(strings.TrimSpace(line), " -- ")
			words := strings.Fields(packages)
			slices.Sort(words)
			found = append(found, strings.Join(words, " "))
		}
		slices.Sort(found)
		return found
	}
}

// settle waits for what was started: work is done in order.
func settle(t *testing.T) {
	t.Helper()
	ahead.Start([]string{"settle"}, func(context.Context, []string) map[string]any { return map[string]any{"settle": true} })
	if settled, err := ahead.Take(t.Context(), "settle"); settled == nil {
		t.Fatal(err)
	}
}

// TestStartGo: what is started gives the same bytes, by fewer go builds.
func TestStartGo(t *testing.T) {
	builds := countBuilds(t)
	dir := tree(t, programs())
	options := optionsOf(dir, allPrograms...)
	cachedir(t)
	want := built(options)
	builds()
	for _, state := range []string{"empty cache", "again"} {
		if state == "empty cache" {
			cachedir(t)
		}
		StartGo(options...)
		StartGo(options[:2]...) // for two more functions
		got := built(options)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-alone +ahead):\n%s", state, diff)
		}
		for _, o := range options[:2] {
			o.Name = "other"
			p, err := FromGo(context.Background(), o)
			must(t, err)
			if filepath.Base(p.Path) != "other.zip" {
				t.Errorf("%s: got %s", state, p.Path)
			}
		}
		groups := []string{".", "./cmd/one ./cmd/two example.com/m/cmd/handler", "./cmd/other/one", "./cmd/tool/v2"}
		if diff := cmp.Diff(groups, builds()); diff != "" {
			t.Errorf("%s: go build (-want +got):\n%s", state, diff)
		}
	}
	ahead.Drop()
}

// TestStartGoSkipsLinking: a program is linked once, whoever builds it.
func TestStartGoSkipsLinking(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, programs())
	options := optionsOf(dir, "./cmd/one", "./cmd/two")
	files := func() (found []os.FileInfo) {
		paths, err := filepath.Glob(filepath.Join(c.dir, goBuildDir, "*", bootstrapName))
		must(t, err)
		for _, path := range paths {
			info, err := os.Stat(path)
			must(t, err)
			found = append(found, info)
		}
		return found
	}
	built(options)
	before := files()
	for range 2 {
		StartGo(options...)
		settle(t)
		built(options)
	}
	built(options)
	after := files()
	if len(before) != 2 || len(after) != 2 || !os.SameFile(before[0], after[0]) || !os.SameFile(before[1], after[1]) {
		t.Error("an unchanged program was linked again")
	}
	noTemps(t, c)
}

// TestStartGoNoticesChanges: a result is of the sources at the time of its start,
// and is gone after its use.
func TestStartGoNoticesChanges(t *testing.T) {
	cachedir(t)
	dir := tree(t, programs())
	options := optionsOf(dir, "./cmd/one", "./cmd/two")
	var seen [][]string
	for _, greeting := range []string{"hello", "world", "hello"} {
		write(t, dir, map[string]string{"lib/lib.go": "package lib\n\nconst Greeting = \"" + greeting + "\"\n"})
		alone := built(options)
		StartGo(options...)
		if diff := cmp.Diff(alone, built(options)); diff != "" {
			t.Errorf("%s (-alone +ahead):\n%s", greeting, diff)
		}
		seen = append(seen, alone)
	}
	if cmp.Equal(seen[0], seen[1]) || !cmp.Equal(seen[0], seen[2]) {
		t.Errorf("got %v", seen)
	}
}

// TestStartGoTakesTheSameOptionsOnly: other settings, or another environment, are
// another build.
func TestStartGoTakesTheSameOptionsOnly(t *testing.T) {
	builds := countBuilds(t)
	defer ahead.Drop()
	cachedir(t)
	dir := tree(t, module())
	started := GoOptions{Dir: dir, Package: "./cmd/handler", Arch: runtime.GOARCH, Name: "n"}
	for name, change := range map[string]func(o *GoOptions){
		"nothing":     func(*GoOptions) {},
		"tags":        func(o *GoOptions) { o.Tags = []string{"special"} },
		"ldflags":     func(o *GoOptions) { o.LDFlags = "-X main.version=1" },
		"environment": func(*GoOptions) { t.Setenv("OTHER", "x") },
	} {
		StartGo(started)
		settle(t)
		builds()
		o := started
		change(&o)
		fromGo(t, o)
		if got := len(builds()); (got == 0) != (name == "nothing") {
			t.Errorf("%s: %d more builds", name, got)
		}
		ahead.Drop()
	}
}

// TestStartGoErrors: what fails is reported as always, and harms nothing else.
func TestStartGoErrors(t *testing.T) {
	cachedir(t)
	files := programs()
	files["cmd/broken/main.go"] = "package main\n\nfunc main() { undefined() }\n"
	dir := tree(t, files)
	var progress strings.Builder
	options := append(optionsOf(dir, "./cmd/one", "./cmd/broken", "./cmd/two", "./lib", "./nope", "-x"),
		GoOptions{Dir: dir, Package: "./cmd/one", Arch: "386", Name: "n", Progress: &progress})
	want := built(options)
	StartGo(options...)
	if diff := cmp.Diff(want, built(options)); diff != "" {
		t.Errorf("(-alone +ahead):\n%s", diff)
	}
	for i, text := range []string{"n.zip", "undefined: undefined", "n.zip", "must be package main", "was not found", "must name one main package", "Arch: must be"} {
		if !strings.Contains(want[i], text) {
			t.Errorf("got %q, want %q in it", want[i], text)
		}
	}
}

// TestStartGoNoProgramAnyMore: go build of several packages is silent about one
// that is no program, whose last program is still there.
func TestStartGoNoProgramAnyMore(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, programs())
	options := optionsOf(dir, "./cmd/one", "./cmd/two")
	StartGo(options...)
	first := built(options)
	write(t, dir, map[string]string{"cmd/one/main.go": "package one\n"})
	StartGo(options...)
	settle(t)
	got := built(options)
	if want := `package "./cmd/one" must be package main to be a function, got package one (example.com/m/cmd/one)`; got[0] != want || got[1] != first[1] {
		t.Errorf("got %q", got)
	}
	write(t, dir, programs())
	StartGo(options...)
	if diff := cmp.Diff(first, built(options)); diff != "" {
		t.Error(diff)
	}
	noTemps(t, c)
}

// TestStartGoRepairs as TestGoRepairs.
func TestStartGoRepairs(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, module())
	options := optionsOf(dir, "./cmd/handler")
	want := fromGo(t, options[0])
	for name, damage := range map[string]func(path string) error{
		"cut short":    func(path string) error { return os.Truncate(path, want.UnzippedSize/2) },
		"without mark": func(path string) error { return os.Remove(filepath.Join(filepath.Dir(path), buildRecord)) },
		"removed":      os.Remove,
	} {
		must(t, damage(program(t, c)))
		StartGo(options...)
		if got := fromGo(t, options[0]); got.SHA256 != want.SHA256 {
			t.Errorf("%s: the program is still damaged", name)
		}
	}
}

// TestStartGoDropped: go is ended, and leaves nothing half done.
func TestStartGoDropped(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, programs())
	options := optionsOf(dir, "./cmd/one", "./cmd/two")
	want := built(options)
	for i := range 6 {
		write(t, dir, map[string]string{"lib/lib.go": "package lib\n\nconst Greeting = \"" + strings.Repeat("x", i) + "\"\n"})
		StartGo(options...)
		time.Sleep(time.Duration(i) * 30 * time.Millisecond)
		ahead.Drop()
		noTemps(t, c)
	}
	write(t, dir, programs())
	if diff := cmp.Diff(want, built(options)); diff != "" {
		t.Error(diff)
	}
}

// TestStartGoDroppedWhileAwaited: who waits does not build what was dropped.
func TestStartGoDroppedWhileAwaited(t *testing.T) {
	cachedir(t)
	options := optionsOf(tree(t, module()), "./cmd/handler")
	// A drop that comes first, on a busy machine, is no drop of what is awaited.
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		ahead.Start([]string{"first"}, func(ctx context.Context, _ []string) map[string]any {
			<-ctx.Done()
			return nil
		})
		StartGo(options...)
		time.AfterFunc(wait, ahead.Drop)
		_, err := FromGo(context.Background(), options[0])
		if errors.Is(err, context.Canceled) {
			return
		}
		must(t, err)
		if wait > 10*time.Second {
			t.Fatal("the package was built")
		}
	}
}

// TestStartGoConcurrent: builds of several and of one, as of other processes.
func TestStartGoConcurrent(t *testing.T) {
	cachedir(t)
	dir := tree(t, programs())
	options := optionsOf(dir, "./cmd/one", "./cmd/two", "example.com/m/cmd/handler")
	var wg sync.WaitGroup
	results := make([][]string, 6)
	for i := range results {
		wg.Go(func() {
			if i%2 == 0 {
				results[i] = built(options)
				return
			}
			tasks := map[string]task[*stored]{}
			for _, o := range options {
				b, err := newGoBuild(o)
				if err != nil {
					t.Error(err)
					return
				}
				tasks[o.Package] = b.zip()
			}
			made := together(context.Background(), tasks)
			for _, o := range options {
				s, ok := made[o.Package].(*stored)
				if !ok {
					t.Errorf("%s was not built", o.Package)
					return
				}
				results[i] = append(results[i], fmt.Sprintf("%x n.zip", s.rec.SHA256))
			}
		})
	}
	wg.Wait()
	for _, got := range results[1:] {
		if diff := cmp.Diff(results[0], got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestStart: one build for all that is made of a program.
func TestStart(t *testing.T) {
	builds := countBuilds(t)
	cachedir(t)
	dir := tree(t, module())
	recipe := func(product string) Recipe[string] {
		return Recipe[string]{
			GoOptions: GoOptions{Dir: dir, Package: "./cmd/handler", Arch: runtime.GOARCH}, Product: product,
			Use: func(_ context.Context, p Program) (string, error) { return product + p.Key, nil },
		}
	}
	Start(recipe("a"), recipe("b"), recipe("a"), Recipe[string]{OS: "plan9"})
	var made []string
	for _, product := range []string{"a", "b", "a", "b"} {
		m, err := Make(context.Background(), recipe(product))
		must(t, err)
		made = append(made, m)
	}
	if made[0] != made[2] || made[1] != made[3] || "b"+made[0][1:] != made[1] {
		t.Errorf("got %q", made)
	}
	if got := builds(); len(got) != 2 {
		t.Errorf("got the builds %q, want one ahead and one for the second b", got)
	}
}
