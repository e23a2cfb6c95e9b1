package synth

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestStageRemovesStale(t *testing.T) {
	t.Parallel()
	outdir := t.TempDir()
	used, err := newStage(outdir)
	if err != nil {
		t.Fatal(err)
	}
	defer used.delete()
	stale, other := filepath.Join(outdir, stagePrefix+"1"), filepath.Join(outdir, "stacks")
	old := time.Now().Add(-2 * staleStage)
	for _, dir := range []string{stale, other, used.dir} {
		tree{"file": ""}.write(t, dir)
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	// A file with such a name is nobody's staging folder.
	file := stagePrefix + "file"
	tree{file: ""}.write(t, outdir)
	s, err := newStage(outdir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.delete()
	if _, err := os.Stat(stale); err == nil {
		t.Error("a stale staging folder must go")
	}
	for _, path := range []string{other, s.dir, filepath.Join(outdir, file)} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("must stay: %v", err)
		}
	}
	if _, err := os.Stat(used.dir); err != nil && runtime.GOOS != "windows" {
		t.Errorf("a staging folder in use must stay, however old: %v", err)
	}
}

// TestStagesAtOnce starts and ends runs that look for stale folders all the time.
func TestStagesAtOnce(t *testing.T) {
	t.Parallel()
	outdir := filepath.Join(t.TempDir(), "out")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				s := &stage{outdir: outdir}
				if err := s.make(); err != nil {
					t.Error(err)
					return
				}
				removeStale(outdir)
				if _, err := os.Stat(s.dir); err != nil {
					t.Errorf("a staging folder in use is gone: %v", err)
				}
				s.delete()
			}
		})
	}
	wg.Wait()
	if entries, err := os.ReadDir(outdir); err != nil || len(entries) > 0 {
		t.Errorf("got %v, %v left behind, want nothing", entries, err)
	}
}
