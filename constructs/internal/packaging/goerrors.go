package packaging

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// errNotMain stands for a build which succeeds but makes no program.
var errNotMain = errors.New("not a main package")

// explain says why a build has failed. output is what go build wrote.
func (b *goBuild) explain(ctx context.Context, output string, err error) error {
	if problem := linkerRefusal(output); problem != "" {
		return fmt.Errorf("LDFlags: the linker does not accept %q: %s", b.LDFlags, problem)
	}
	// go list knows the package's name even if it does not compile.
	args := []string{"list", "-f", "{{.Name}} {{.ImportPath}}"}
	if len(b.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(b.Tags, ","))
	}
	listed, listErr := b.command(ctx, append(args, "--", b.Package)...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if listErr != nil {
		return fmt.Errorf("package %q was not found in %s:\n%s%s", b.Package, b.Dir, b.lines(listed), b.hint())
	}
	name, importPath, _ := strings.Cut(strings.TrimSpace(listed), " ")
	if name != "main" {
		return fmt.Errorf("package %q must be package main to be %s, got package %s (%s)", b.Package, b.purpose, name, importPath)
	}
	if lines := b.lines(output); lines != "" {
		return fmt.Errorf("package %q does not build for %s/%s:\n%s", b.Package, b.os, b.Arch, lines)
	}
	return fmt.Errorf("package %q does not build for %s/%s: %w", b.Package, b.os, b.Arch, err)
}

// linkerFlag finds what the linker says about a flag it knows.
var linkerFlag = regexp.MustCompile(`(?m)^(?:.*[/\\])?link(?:\.exe)?: (-.*)$`)

// linkerRefusal returns what go or the linker says about the linker's flags, or
// "" if neither complains. The linker prints its usage then, which helps nobody.
func linkerRefusal(output string) string {
	first, _, _ := strings.Cut(output, "\n")
	if strings.HasPrefix(first, `invalid value "`) && strings.Contains(first, "for flag -ldflags") {
		return first[strings.LastIndex(first, "for flag -ldflags"):]
	}
	if m := linkerFlag.FindStringSubmatch(output); m != nil {
		return m[1]
	}
	before, _, refused := strings.Cut(output, "usage: link ")
	if !refused {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(before), "\n")
	if last := lines[len(lines)-1]; last != "" && !strings.HasPrefix(last, "# ") {
		return last
	}
	return "there is a word which is not a flag"
}

// hint helps with the usual mistake: a path that go takes for an import path.
func (b *goBuild) hint() string {
	if strings.HasPrefix(b.Package, ".") || filepath.IsAbs(b.Package) {
		return ""
	}
	info, err := os.Stat(filepath.Join(b.dir, filepath.FromSlash(b.Package)))
	if err != nil || !info.IsDir() {
		return ""
	}
	return fmt.Sprintf("\n  a directory must start with ./: %q", "./"+b.Package)
}

// goFile finds a Go file at the start of a line of go's output.
var goFile = regexp.MustCompile(`^(\s*)([^\s:][^:]*\.go)(:\d+)`)

// lines returns go's own lines, indented, with files relative to where the user
// is and not to the directory go ran in.
func (b *goBuild) lines(output string) string {
	var out []string
	for line := range strings.Lines(output) {
		// "stat /home/me/project/nope: …"
		line = strings.ReplaceAll(strings.TrimRight(line, "\r\n"), b.dir+string(filepath.Separator), "")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if m := goFile.FindStringSubmatchIndex(line); m != nil {
			if file := line[m[4]:m[5]]; !filepath.IsAbs(file) {
				line = line[:m[4]] + filepath.Join(b.Dir, file) + line[m[5]:]
			}
		}
		out = append(out, "  "+line)
	}
	return strings.Join(out, "\n")
}
