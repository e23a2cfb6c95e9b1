package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gofrs/flock"
)

const (
	// lockFile keeps two runs from moving their output in place at once.
	lockFile = ".lock"
	// replacedDir, in the staging folder, takes what was in place before.
	replacedDir = "replaced"
)

// generated are what cdktf writes into a stack's folder: what a run did not
// write anew is of an earlier run, and must not linger. Whatever else is there
// (.terraform, the lock file, a plan) is Terraform's or the user's, and stays.
var generated = []string{"assets", "cdk.tf.json", "cdk.tf", "metadata.json"}

// commit moves the staged stacks and then the manifest in place. When it fails,
// everything is as it was before.
func (s *stage) commit(m manifest) (err error) {
	lock := flock.New(filepath.Join(s.outdir, lockFile))
	// Some network file systems have no locks. Only a second run at the very
	// same moment would need it.
	if lock.Lock() == nil {
		defer lock.Close()
	}
	c := &change{trash: filepath.Join(s.dir, replacedDir)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.undo())
			os.Remove(lock.Path()) // for s.remove, when this run made the folder
		}
	}()
	if err := os.Mkdir(c.trash, 0o755); err != nil {
		return err
	}
	for _, name := range m.names() {
		work := filepath.FromSlash(m.Stacks[name].WorkingDirectory)
		if err := c.replaceAll(filepath.Join(s.dir, work), filepath.Join(s.outdir, work)); err != nil {
			return fmt.Errorf("moving stack %s in place: %w", name, err)
		}
	}
	if err := c.replace(filepath.Join(s.dir, manifestFile), filepath.Join(s.outdir, manifestFile)); err != nil {
		return fmt.Errorf("moving %s in place: %w", manifestFile, err)
	}
	return nil
}

// change is a list of renames that can be taken back.
type change struct {
	trash string
	count int
	back  []func() error
}

// replaceAll moves what is in the folder from into the folder to.
func (c *change) replaceAll(from, to string) error {
	for _, dir := range slices.Backward(missing(to)) {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		c.back = append(c.back, func() error { os.Remove(dir); return nil })
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	// The assets before the file that names them, and what is gone at the end.
	for _, e := range entries {
		if err := c.replace(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	for _, name := range generated {
		written := func(e os.DirEntry) bool { return e.Name() == name }
		if !slices.ContainsFunc(entries, written) {
			if err := c.discard(filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace moves a file or folder in place. A file is there at any moment, the
// old one or the new; a folder is away for as long as a rename takes.
func (c *change) replace(from, to string) error {
	info, err := os.Lstat(to)
	if err == nil && info.Mode().IsRegular() {
		before, err := os.ReadFile(to)
		if err != nil {
			return err
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
		c.back = append(c.back, func() error { return os.WriteFile(to, before, info.Mode().Perm()) })
		return nil
	}
	if err := c.discard(to); err != nil {
		return err
	}
	return c.move(from, to)
}

// discard moves what is at path, if anything, out of the way.
func (c *change) discard(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c.count++
	return c.move(path, filepath.Join(c.trash, strconv.Itoa(c.count)))
}

func (c *change) move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	c.back = append(c.back, func() error { return os.Rename(to, from) })
	return nil
}

// undo takes everything back, the last first.
func (c *change) undo() error {
	var failed []error
	for _, back := range slices.Backward(c.back) {
		failed = append(failed, back())
	}
	return errors.Join(failed...)
}
