package packaging

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// buildTogether builds programs, by key, whose builds differ in the package alone,
// by one go build. It calls use with those it has built, which no other build can
// replace meanwhile.
//
// go builds in a temporary folder, to which the last programs are linked: what an
// interrupt leaves half done is in nobody's way.
func buildTogether(ctx context.Context, builds map[string]*goBuild, use func(map[string]manifest)) error {
	c, err := openCache()
	if err != nil {
		return err
	}
	tmp, err := c.tempDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	var parts []*part
	// Sorted, so that two processes never wait for each other.
	for _, b := range slices.SortedFunc(maps.Values(builds), func(a, b *goBuild) int { return cmp.Compare(a.Package, b.Package) }) {
		dir, unlock, err := b.lock(ctx, c)
		if err != nil {
			return err
		}
		defer unlock()
		p := &part{goBuild: b, key: b.key(), program: filepath.Join(dir, bootstrapName), out: filepath.Join(tmp, b.programName())}
		if len(builds) == 1 {
			p.out = filepath.Join(tmp, bootstrapName)
		}
		if err := p.begin(ctx, c); err != nil {
			return err
		}
		parts = append(parts, p)
	}
	if err := goBuildAll(ctx, parts, tmp); err != nil {
		return err
	}
	programs := map[string]manifest{}
	for _, p := range parts {
		if m, err := p.end(ctx, c); err == nil {
			programs[p.key] = m
		}
	}
	use(programs)
	return nil
}

// goBuildAll runs go build for all parts.
func goBuildAll(ctx context.Context, parts []*part, dir string) error {
	b := *parts[0].goBuild
	out, what := parts[0].out, b.Package
	if more := len(parts) - 1; more > 0 {
		out, what = dir+string(filepath.Separator), fmt.Sprintf("%s and %d more", b.Package, more)
	}
	args := b.args(out)
	for _, p := range parts[1:] {
		args = append(args, p.Package)
	}
	var err error
	if b.env, err = b.environment(ctx); err != nil {
		return err
	}
	done := b.progress(what)
	_, err = b.command(ctx, args...)
	if err != nil {
		done("")
		return err
	}
	done(succeeded)
	return nil
}

// part is a program of a build of several.
type part struct {
	*goBuild

	key      string
	program  string // the file in the cache
	out      string // where go builds it
	recorded string
	before   time.Time // of the file at out; zero without one
}

// begin puts the last program where go looks for it.
func (p *part) begin(ctx context.Context, c *cache) (err error) {
	if p.recorded, err = p.checkLast(ctx, c, p.program); err != nil {
		return err
	}
	if err := c.link(p.program, p.out); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err // without links each build would link all programs anew
	}
	if err := os.Chtimes(p.out, longAgo, longAgo); err != nil {
		return err
	}
	info, err := os.Stat(p.out)
	if err == nil {
		p.before = info.ModTime()
	}
	return err
}

// longAgo is a time that no program is built at.
var longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// end puts the program into the cache. go sets the time of a program that it finds
// up to date; one with the time it had is of a package that is no program any more,
// of which a build of several says nothing.
func (p *part) end(ctx context.Context, c *cache) (manifest, error) {
	info, err := os.Stat(p.out)
	if err != nil {
		return nil, err
	}
	if info.ModTime().Equal(p.before) || !isProgram(p.out, p.os) {
		return nil, errNotMain
	}
	if err := os.Rename(p.out, p.program); err != nil {
		return nil, c.unwritable(err)
	}
	return p.record(ctx, c, p.program, p.recorded)
}

var versionElement = regexp.MustCompile(`^v[0-9]+$`)

// programName is what go build calls the program in a folder of several, the last
// element of its import path; "" where that is not certain.
// https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
func (b *goBuild) programName() string {
	name := path.Base(b.Package)
	if name == "." || name == ".." || versionElement.MatchString(name) || strings.ContainsAny(name, `/\:`) {
		return ""
	}
	if dir := filepath.FromSlash(b.Package); strings.HasPrefix(dir, ".") || filepath.IsAbs(dir) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(b.dir, dir)
		}
		// What the root of a module is called stands in its go.mod.
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return name
}
