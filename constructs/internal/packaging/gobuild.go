package packaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// defaultLDFlags drop the symbol table and the debug information, which halve a
// program's size and which Lambda has no use for. The build id stays: with
// "-buildid=" go cannot see that a program is up to date and links it anew each
// time (an unchanged program of 5 MB: 0.9 s instead of 0.4 s on two busy cores). It does not harm
// reproducible builds, since with -trimpath it follows from the sources, the
// toolchain and the flags.
const defaultLDFlags = "-s -w"

// Names in the cache, see cache.go: each program is built to a file of its own,
// so that go finds its last result there.
const (
	goBuildDir  = "gobuild"
	buildRecord = "record"
	buildLock   = "lock"
)

// GoOptions says what [FromGo] builds.
type GoOptions struct {
	// Dir is the directory to run go in, inside the module. Default: ".".
	Dir string
	// Package is the main package, in go's words: "./cmd/handler". Required.
	Package string
	// Arch is "amd64" or "arm64". Required.
	Arch string
	// Tags are build tags.
	Tags []string
	// LDFlags are added to "-s -w".
	LDFlags string
	// Name is the zip file's base name. Default: the last element of Package.
	Name string
	// Progress gets a line when a build takes longer than a second, and one when
	// it is done. Default: nil, nothing is written.
	Progress io.Writer
}

// FromGo builds a Go program for Lambda's provided runtimes and packages it as
// bootstrap. The same sources and toolchain give the same bytes, whatever the
// directory, the user's go settings or the machine.
func FromGo(ctx context.Context, o GoOptions) (*Package, error) {
	b, err := newGoBuild(o)
	if err != nil {
		return nil, err
	}
	made, err := b.zip().do(ctx)
	if err != nil {
		return nil, err
	}
	return made.named(b.Name)
}

// StartGo begins what [FromGo] will be asked for, once for each time that StartGo
// was. Programs with the same settings are built by one go build, which loads and
// compiles once what they share. An error is left for FromGo to find.
func StartGo(options ...GoOptions) {
	var tasks []task[*stored]
	for _, o := range options {
		if b, err := newGoBuild(o); err == nil {
			tasks = append(tasks, b.zip())
		}
	}
	start(tasks)
}

// zip is the build of a package, which is the same whatever its name.
func (b *goBuild) zip() task[*stored] {
	return task[*stored]{build: b, product: "zip", use: func(ctx context.Context, m manifest) (*stored, error) {
		return pack(ctx, b.Name, m)
	}}
}

// locked builds the program and calls use, before which no other build can
// replace it.
func (b *goBuild) locked(ctx context.Context, use func(manifest) error) error {
	c, err := openCache()
	if err != nil {
		return err
	}
	if b.env, err = b.environment(ctx); err != nil {
		return err
	}
	dir, unlock, err := b.lock(ctx, c)
	if err != nil {
		return err
	}
	defer unlock()
	m, err := b.run(ctx, c, filepath.Join(dir, bootstrapName))
	if err != nil {
		return err
	}
	return use(m)
}

// lock waits for the place of the program in the cache.
func (b *goBuild) lock(ctx context.Context, c *cache) (dir string, unlock func(), err error) {
	dir = filepath.Join(c.dir, goBuildDir, b.key())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, c.unwritable(err)
	}
	c.touch(dir)
	lock := flock.New(filepath.Join(dir, buildLock))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		lock.Close()
		if ctx.Err() != nil {
			return "", nil, ctx.Err()
		}
		return "", nil, c.unwritable(err)
	}
	return dir, func() { lock.Close() }, nil
}

// goBuild is a build with checked options.
type goBuild struct {
	GoOptions

	os      string // GOOS
	purpose string // "a function", what package main is needed for
	goTool  string
	dir     string   // absolute
	environ []string // the environment when the build was asked for
	env     []string // that of go build
}

func newGoBuild(o GoOptions) (*goBuild, error) {
	b := &goBuild{GoOptions: o, os: "linux", purpose: "a function", environ: os.Environ()}
	var errs []error
	if b.Dir == "" {
		b.Dir = "."
	}
	switch {
	case b.Package == "":
		errs = append(errs, errors.New(`Package: must name a main package such as "./cmd/handler", got ""`))
	case strings.HasPrefix(b.Package, "-"), strings.Contains(b.Package, "..."), strings.HasSuffix(b.Package, ".go"),
		strings.Contains(b.Package, "@"), strings.ContainsAny(b.Package, " \t\r\n"):
		errs = append(errs, fmt.Errorf(`Package: must name one main package such as "./cmd/handler", got %q`, b.Package))
	}
	if b.Arch != "amd64" && b.Arch != "arm64" {
		errs = append(errs, fmt.Errorf(`Arch: must be "amd64" or "arm64", got %q`, b.Arch))
	}
	for _, tag := range b.Tags {
		if tag == "" || strings.ContainsAny(tag, ", \t\r\n\"'") {
			errs = append(errs, fmt.Errorf("Tags: must be build tags without spaces and commas, got %q", tag))
		}
	}
	// Their order is recorded in the program but has no meaning.
	b.Tags = slices.Compact(slices.Sorted(slices.Values(b.Tags)))
	b.LDFlags = strings.TrimSpace(defaultLDFlags + " " + strings.TrimSpace(b.LDFlags))

	var err error
	if b.dir, err = filepath.Abs(b.Dir); err != nil {
		errs = append(errs, fmt.Errorf("Dir: %w", err))
	} else if info, err := os.Stat(b.dir); err != nil {
		errs = append(errs, fmt.Errorf("Dir: %s: %w", b.Dir, cause(err)))
	} else if !info.IsDir() {
		errs = append(errs, fmt.Errorf("Dir: must be a directory, got a %s: %s", kind(info.Mode()), b.Dir))
	}
	if b.Name == "" {
		b.Name = filepath.Base(filepath.Join(b.dir, filepath.FromSlash(b.Package)))
	}
	if err := checkName(b.Name); err != nil {
		errs = append(errs, fmt.Errorf("Name: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if b.goTool, err = exec.LookPath("go"); err != nil {
		return nil, errors.New("go was not found in PATH, it is needed to build " + b.Package +
			": install Go from https://go.dev/dl/")
	}
	return b, nil
}

// key names the place of the program in the cache: one for each thing that is
// built, not for each version of its sources.
func (b *goBuild) key() string {
	text, err := json.Marshal([]any{b.dir, b.Package, b.os, b.Arch, b.Tags, b.LDFlags})
	if err != nil {
		panic(err) // strings always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// args are the arguments of go build.
func (b *goBuild) args(out string) []string {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + b.LDFlags}
	if len(b.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(b.Tags, ","))
	}
	return append(args, "-o", out, "--", b.Package)
}

// run builds the program, which is then the only file of the manifest. go leaves
// out what is up to date.
func (b *goBuild) run(ctx context.Context, c *cache, out string) (manifest, error) {
	recorded, err := b.checkLast(ctx, c, out)
	if err != nil {
		return nil, err
	}
	done := b.progress(b.Package)
	output, err := b.command(ctx, b.args(out)...)
	if err != nil {
		done(failed)
	} else {
		done(succeeded)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, b.explain(ctx, output, err)
	}
	// For a package that is no program go writes an archive.
	if !isProgram(out, b.os) {
		_ = os.Remove(out)
		return nil, b.explain(ctx, "", errNotMain)
	}
	return b.record(ctx, c, out, recorded)
}

// checkLast returns the record of the last program, which it removes when the
// record is not of its bytes.
//
// go takes a program with the right build id, which stands in its first
// kilobytes, for up to date. One that an interrupt has cut short must not stay, so
// a program counts only together with the record of its content.
func (b *goBuild) checkLast(ctx context.Context, c *cache, out string) (recorded string, err error) {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(out), buildRecord))
	recorded = string(text)
	if m, err := programAt(ctx, out); err != nil || m.key() != recorded {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", c.unwritable(err)
		}
	}
	return recorded, nil
}

// record reads the program that was built, and records what it is.
func (b *goBuild) record(ctx context.Context, c *cache, out, recorded string) (manifest, error) {
	recordPath := filepath.Join(filepath.Dir(out), buildRecord)
	m, err := programAt(ctx, out)
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", b.Package, err)
	}
	if key := m.key(); key == recorded {
		c.touch(recordPath)
	} else if err := c.create(recordPath, func(w io.Writer) error {
		_, err := io.WriteString(w, key)
		return err
	}); err != nil {
		return nil, err
	}
	return m, nil
}

// programAt returns the manifest of a package with the program at path.
func programAt(ctx context.Context, path string) (manifest, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	m := manifest{{name: bootstrapName, path: path, size: info.Size(), mode: modeExecutable}}
	wrong, err := m.digest(ctx)
	if err != nil {
		return nil, err
	}
	return m, wrong.err()
}

// magics are the first bytes of a program, by operating system.
var magics = map[string]string{
	"linux":   "\x7fELF",
	"darwin":  "\xcf\xfa\xed\xfe",
	"windows": "MZ",
}

// isProgram reports whether a file is a program for an operating system.
func isProgram(path, goos string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, len(magics[goos]))
	_, err = io.ReadFull(f, magic)
	return err == nil && string(magic) == magics[goos]
}

// How a build ends, for progress.
const (
	succeeded = "built %s in %.1f s\n"
	failed    = "building %s failed after %.1f s\n"
)

// progress writes what happens to a build that takes long. The function it
// returns must be called when the build ends, with one of the formats above or
// "", which says nothing.
func (b *goBuild) progress(what string) func(format string) {
	if b.Progress == nil {
		return func(string) {}
	}
	start := time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	slow := false
	go func() {
		defer close(stopped)
		timer := time.NewTimer(progressAfter)
		defer timer.Stop()
		select {
		case <-timer.C:
			slow = true
			fmt.Fprintf(b.Progress, "building %s for %s …\n", what, b.Arch)
		case <-stop:
		}
	}()
	return func(format string) {
		close(stop)
		<-stopped
		if slow && format != "" {
			fmt.Fprintf(b.Progress, format, what, time.Since(start).Seconds())
		}
	}
}

// progressAfter is how long a build is silent.
const progressAfter = time.Second
