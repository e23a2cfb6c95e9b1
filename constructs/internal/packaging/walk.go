package packaging

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// maxFileSize is where a zip entry would need zip64 fields. Lambda's limits are
// far below, so such a file is always a mistake.
const maxFileSize = 1<<32 - 2

// walker collects the files of a directory tree.
type walker struct {
	ctx      context.Context
	root     string
	excludes *excludes
	files    manifest
	problems problems
}

// directory is one directory on the way down.
type directory struct {
	// actual is the absolute path with links resolved, name the slash separated
	// path under which its content is packaged ("" for the root).
	actual, name string
	verdict      verdict
	parent       *directory
	// link is the name of the last symbolic link on the way here, or "".
	link string
}

// walk lists the files below root which are not excluded, sorted by name, and
// what is wrong with the tree. The error is that of the context.
func walk(ctx context.Context, root string, ex *excludes) (manifest, problems, error) {
	w := &walker{ctx: ctx, root: root, excludes: ex}
	if err := w.dir(&directory{actual: root}); err != nil {
		return nil, nil, err
	}
	w.files.sort()
	return w.files, w.problems, nil
}

func (w *walker) dir(d *directory) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if d.loops() {
		w.problems.add(d.link, "symbolic link leads back to a directory above it (%s)", w.relative(d.actual))
		return nil
	}
	entries, err := os.ReadDir(d.actual)
	if err != nil {
		w.problems.add(orDot(d.name), "cannot be read: %v", cause(err))
		return nil
	}
	for _, entry := range entries {
		if d.name == "" && entry.Name() == ignoreName {
			continue
		}
		if err := w.entry(d, entry); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) entry(d *directory, entry fs.DirEntry) error {
	name := path.Join(d.name, entry.Name())
	v := w.excludes.decide(name, d.verdict)
	if v.excluded && !w.excludes.mayHoldIncluded(name, v) {
		return nil
	}
	actual := filepath.Join(d.actual, entry.Name())
	link := d.link
	mode := entry.Type()
	if mode&fs.ModeSymlink != 0 {
		target, targetMode, trouble := w.follow(actual)
		if trouble != "" {
			// An excluded link is nobody's problem.
			if !v.excluded {
				w.problems.add(name, "%s", trouble)
			}
			return nil
		}
		actual, mode, link = target, targetMode, name
	}
	if mode.IsDir() {
		return w.dir(&directory{actual: actual, name: name, verdict: v, parent: d, link: link})
	}
	if !v.excluded {
		w.file(name, actual, mode)
	}
	return nil
}

func (w *walker) file(name, actual string, mode fs.FileMode) {
	switch {
	case !mode.IsRegular():
		w.problems.add(name, "is a %s, only files and directories can be packaged", kind(mode))
		return
	case !utf8.ValidString(name):
		w.problems.add(name, "name is not valid UTF-8")
		return
	}
	info, err := os.Lstat(actual)
	if err != nil {
		w.problems.add(name, "cannot be read: %v", cause(err))
		return
	}
	if info.Size() > maxFileSize {
		w.problems.add(name, "is %s, a file in a package must be smaller than 4 GiB", size(info.Size()))
		return
	}
	w.files = append(w.files, source{
		name: name,
		path: actual,
		size: info.Size(),
		mode: entryMode(name, info.Mode()),
	})
}

// entryMode reduces a mode to what Lambda needs. Only the owner's execute bit
// counts, because the others depend on the umask of whoever made the checkout.
func entryMode(name string, mode fs.FileMode) uint32 {
	if name == bootstrapName || mode&0o100 != 0 {
		return modeExecutable
	}
	return modeFile
}

// follow resolves a symbolic link. The last result is what is wrong with it, or
// "".
func (w *walker) follow(link string) (target string, mode fs.FileMode, trouble string) {
	text, err := os.Readlink(link)
	if err != nil {
		return "", 0, "cannot be read: " + cause(err).Error()
	}
	text = printable(text)
	info, err := os.Stat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", 0, "symbolic link to " + text + ", which does not exist"
	case errors.Is(err, syscall.ELOOP):
		return "", 0, "symbolic link to " + text + ", which leads in a circle"
	case err != nil:
		return "", 0, "symbolic link to " + text + " cannot be read: " + cause(err).Error()
	}
	target, err = filepath.EvalSymlinks(link)
	if err != nil {
		return "", 0, "symbolic link to " + text + " cannot be read: " + cause(err).Error()
	}
	if !within(w.root, target) {
		return "", 0, "symbolic link to " + text + ", which is outside the directory"
	}
	return target, info.Mode().Type(), ""
}

// loops reports whether one of the directories above d is d or lies below it,
// so that going down would never end.
func (d *directory) loops() bool {
	if d.link == "" {
		return false
	}
	for above := d.parent; above != nil; above = above.parent {
		if above.actual == d.actual {
			return true
		}
	}
	return false
}

// relative writes the actual path of a directory for people.
func (w *walker) relative(actual string) string {
	rel, err := filepath.Rel(w.root, actual)
	if err != nil {
		return actual
	}
	return printable(filepath.ToSlash(rel))
}

// within reports whether target is dir or lies below it.
func within(dir, target string) bool {
	rel, err := filepath.Rel(dir, target)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// orDot names a directory in a message.
func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// sort orders the files bytewise by name, the order of the zip's entries.
func (m manifest) sort() {
	slices.SortFunc(m, func(a, b source) int { return strings.Compare(a.name, b.name) })
}
