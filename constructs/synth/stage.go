package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
	dir    string   // absolute: the kernel has a working directory of its own
	made   []string // folders made for this run, outdir and those above it
}

// current is the staging folder of the run that is under way, nil for none.
var current struct {
	sync.Mutex
	*stage
}

func newStage(outdir string) (*stage, error) {
	s := &stage{outdir: outdir, made: missing(outdir)}
	var err error
	// Another run that failed may just be removing the output folder.
	for range 3 {
		if err = os.MkdirAll(outdir, 0o755); err != nil {
			return nil, fmt.Errorf("making the output folder: %w", err)
		}
		if s.dir, err = os.MkdirTemp(outdir, stagePrefix); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("writing to the output folder: %w", err)
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, err
	}
	removeStale(outdir)
	current.Lock()
	current.stage = s
	current.Unlock()
	return s, nil
}

// missing returns dir and the folders above it that do not exist, the innermost
// first.
func missing(dir string) []string {
	var made []string
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return made
		}
		made = append(made, dir)
		above := filepath.Dir(dir)
		if above == dir {
			return made
		}
		dir = above
	}
}

// remove deletes the staging folder, and the folders that this run made when
// there is nothing in them.
func (s *stage) remove() {
	current.Lock()
	defer current.Unlock()
	current.stage = nil
	s.delete()
}

func (s *stage) delete() {
	os.RemoveAll(s.dir)
	for _, dir := range s.made {
		if os.Remove(dir) != nil {
			return // as it should when something is inside
		}
	}
}

// removeCurrent removes the staging folder of a run that cannot be waited for.
func removeCurrent() {
	current.Lock()
	defer current.Unlock()
	if current.stage != nil {
		current.delete()
	}
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
