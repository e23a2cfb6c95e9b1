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

	"github.com/gofrs/flock"
)

const (
	stagePrefix = ".staging-"
	// staleStage is how old a staging folder has to be before another run
	// removes it where folders cannot be locked: it should not be in use then.
	staleStage = time.Hour
)

// stage is a folder inside the output folder, hence on the same file system,
// that a run writes to before anything else can see it.
type stage struct {
	outdir string
	dir    string       // absolute: the kernel has a working directory of its own
	lock   *flock.Flock // on dir: held while the run goes on
	made   []string     // folders made for this run, outdir and those above it
}

// current is the staging folder of the run that is under way, nil for none.
var current struct {
	sync.Mutex
	*stage
}

func newStage(outdir string) (*stage, error) {
	s := &stage{outdir: outdir, made: missing(outdir)}
	if err := s.make(); err != nil {
		return nil, err
	}
	removeStale(outdir)
	current.Lock()
	current.stage = s
	current.Unlock()
	return s, nil
}

// attempts are how often a run tries to make a staging folder: another run that
// failed may just be removing the output folder, and one that starts may take
// the staging folder for a stale one before it is locked.
const attempts = 10

func (s *stage) make() (err error) {
	for range attempts {
		if err = os.MkdirAll(s.outdir, 0o755); err != nil {
			return fmt.Errorf("making the output folder: %w", err)
		}
		if err = s.makeDir(); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("writing to the output folder: %w", err)
	}
	return nil
}

// makeDir makes and locks the staging folder.
func (s *stage) makeDir() error {
	dir, err := os.MkdirTemp(s.outdir, stagePrefix)
	if err != nil {
		return err
	}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	s.lock = lockOf(s.dir)
	if free, err := s.lock.TryLock(); err == nil && !free {
		return fmt.Errorf("%s: %w: another run removes it", dir, fs.ErrNotExist)
	}
	if _, err = os.Stat(s.dir); err != nil {
		s.lock.Close()
	}
	return err
}

// lockOf is the lock on a folder itself, which ends with the process.
func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

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
	s.lock.Close()
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
		if e.IsDir() && strings.HasPrefix(e.Name(), stagePrefix) {
			removeUnused(filepath.Join(outdir, e.Name()))
		}
	}
}

// removeUnused deletes a staging folder that no run has locked. Without locks,
// as on Windows and some network file systems, its age decides.
func removeUnused(dir string) {
	lock := lockOf(dir)
	defer lock.Close()
	free, err := lock.TryLock()
	if err != nil {
		info, err := os.Stat(dir)
		free = err == nil && time.Since(info.ModTime()) > staleStage
	}
	if free {
		os.RemoveAll(dir)
	}
}
