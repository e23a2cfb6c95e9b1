package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	stagePrefix = ".staging-"
	// staleStage is how old a staging folder has to be before another run
	// removes it: one that a killed run left, never one still in use.
	staleStage = time.Hour
)

// stage is a folder inside the output folder, hence on the same file system,
// that a run writes to before anything else can see it.
type stage struct {
	outdir string
	dir    string // absolute: the kernel has a working directory of its own
	made   bool   // whether outdir was made for this run
}

func newStage(outdir string) (*stage, error) {
	_, err := os.Stat(outdir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(outdir, 0o755); err != nil {
		return nil, fmt.Errorf("making the output folder: %w", err)
	}
	removeStale(outdir)
	dir, err := os.MkdirTemp(outdir, stagePrefix)
	if err != nil {
		return nil, fmt.Errorf("writing to the output folder: %w", err)
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &stage{outdir: outdir, dir: dir, made: made}, nil
}

// remove deletes the staging folder, and the output folder when this run made
// it and put nothing in.
func (s *stage) remove() {
	os.RemoveAll(s.dir)
	if s.made {
		os.Remove(s.outdir) // fails, as it should, when something is inside
	}
}

// commit moves the staged stacks and then the manifest in place. What Terraform
// keeps in a stack's folder (.terraform, the lock file, a plan) stays.
func (s *stage) commit(m manifest) error {
	for _, name := range m.names() {
		from := filepath.Join(s.dir, filepath.FromSlash(m.Stacks[name].WorkingDirectory))
		to := filepath.Join(s.outdir, filepath.FromSlash(m.Stacks[name].WorkingDirectory))
		if err := os.MkdirAll(to, 0o755); err != nil {
			return fmt.Errorf("making the folder of stack %s: %w", name, err)
		}
		// Assets that the new output does not have must not linger.
		if err := os.RemoveAll(filepath.Join(to, "assets")); err != nil {
			return fmt.Errorf("removing the old assets of stack %s: %w", name, err)
		}
		entries, err := os.ReadDir(from)
		if err != nil {
			return fmt.Errorf("reading the staged stack %s: %w", name, err)
		}
		for _, e := range entries {
			if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return fmt.Errorf("moving stack %s in place: %w", name, err)
			}
		}
	}
	if err := os.Rename(filepath.Join(s.dir, manifestFile), filepath.Join(s.outdir, manifestFile)); err != nil {
		return fmt.Errorf("moving %s in place: %w", manifestFile, err)
	}
	return nil
}

// removeStale deletes what killed runs left. It is housekeeping: a failure here
// is no reason to stop.
func removeStale(outdir string) {
	entries, err := os.ReadDir(outdir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), stagePrefix) && time.Since(info.ModTime()) > staleStage {
			os.RemoveAll(filepath.Join(outdir, e.Name()))
		}
	}
}
