package content

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
)

// file is one thing that is sent.
type file struct {
	name       string // relative to the context, with slashes
	executable bool
	size       int64
	// link is the target of a symbolic link, which is sent as such.
	link   string
	isLink bool
	digest [32]byte
}

type files []file

// walker collects the files of a context.
type walker struct {
	ctx      context.Context
	root     string
	ignore   *ignore
	files    files
	problems problems
}

// walk lists what is sent, sorted by name.
func walk(ctx context.Context, root string, ig *ignore) (files, problems) {
	w := &walker{ctx: ctx, root: root, ignore: ig}
	w.dir("", patternmatcher.MatchInfo{})
	slices.SortFunc(w.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return w.files, w.problems
}

func (w *walker) dir(name string, above patternmatcher.MatchInfo) {
	if w.ctx.Err() != nil {
		return
	}
	entries, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(name)))
	if err != nil {
		w.problems.add(path.Join(".", name), "ContextDir: must be readable, got %s: %v", printable(path.Join(".", name)), cause(err))
		return
	}
	for _, entry := range entries {
		w.entry(path.Join(name, entry.Name()), entry, above)
	}
}

func (w *walker) entry(name string, entry fs.DirEntry, above patternmatcher.MatchInfo) {
	out, info, err := w.ignore.match(name, above)
	if err != nil {
		w.problems.add(name, "ContextDir: %s: %v", printable(name), err)
		return
	}
	if entry.IsDir() {
		if !out || w.ignore.mayHoldSent(name) {
			w.dir(name, info)
		}
		return
	}
	if out {
		return
	}
	f := file{name: name}
	actual := filepath.Join(w.root, filepath.FromSlash(name))
	switch mode := entry.Type(); {
	case mode.IsRegular():
		var stat fs.FileInfo
		if stat, err = entry.Info(); err == nil {
			// Only the owner's bit: the others depend on the umask of whoever made
			// the checkout.
			f.executable, f.size = stat.Mode()&0o100 != 0, stat.Size()
		}
	case mode&fs.ModeSymlink != 0:
		f.isLink = true
		f.link, err = os.Readlink(actual)
		f.link = filepath.ToSlash(f.link)
	case mode&fs.ModeSocket != 0:
		return // docker leaves them out too
	default:
		w.problems.add(name, "ContextDir: must hold files, directories and links only, got the %s %s", kind(mode), printable(name))
		return
	}
	if err != nil {
		w.problems.add(name, "ContextDir: must be readable, got %s: %v", printable(name), cause(err))
		return
	}
	w.files = append(w.files, f)
}

// problems are what is wrong with single files, each once.
type problems []problem

type problem struct{ name, text string }

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, problem{name, fmt.Sprintf(format, args...)})
}

// err returns the problems sorted by name, or nil if there are none.
func (p problems) err() error {
	slices.SortStableFunc(p, func(a, b problem) int { return strings.Compare(a.name, b.name) })
	errs := make([]error, len(p))
	for i := range p {
		errs[i] = errors.New(p[i].text)
	}
	return errors.Join(errs...)
}

// printable is a file name as it is shown to people.
func printable(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}

// kind names what a path is.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "file"
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	default:
		return "special file"
	}
}

// cause drops the operation and the path from an error of package os: the message
// names the file itself.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
