package packaging

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPrune(t *testing.T) {
	c := cachedir(t)
	age := func(path string, age time.Duration) {
		t.Helper()
		when := time.Now().Add(-age)
		must(t, os.Chtimes(path, when, when))
	}
	entry := func(content string) (string, string) {
		dir := tree(t, map[string]string{"a": content})
		return dir, filepath.Dir(fromDir(t, dir).Path)
	}
	exists := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	_, old := entry("old")
	usedDir, used := entry("used")
	_, young := entry("young")
	write(t, c.dir, map[string]string{"tmp/old/file": "", "tmp/young/file": "", "gobuild/old/bootstrap": "", "gobuild/young/bootstrap": "", "other/file": ""})
	const day = 24 * time.Hour
	for path, since := range map[string]time.Duration{old: 31 * day, used: 31 * day, young: 29 * day} {
		age(filepath.Join(path, recordName), since)
		age(path, since)
	}
	age(filepath.Join(c.dir, "tmp/old"), 25*time.Hour)
	age(filepath.Join(c.dir, "gobuild/old"), 31*day)
	age(filepath.Join(c.dir, "other"), 99*day)

	// Not yet: the first package of this test has just pruned.
	fromDir(t, usedDir)
	if !exists(old) {
		t.Error("pruned twice on one day")
	}
	age(filepath.Join(c.dir, prunedName), 25*time.Hour)
	fromDir(t, usedDir)
	for path, want := range map[string]bool{
		old: false, used: true, young: true,
		filepath.Join(c.dir, "tmp/old"): false, filepath.Join(c.dir, "tmp/young"): true,
		filepath.Join(c.dir, "gobuild/old"): false, filepath.Join(c.dir, "gobuild/young"): true,
		filepath.Join(c.dir, "other"): true,
	} {
		if exists(path) != want {
			t.Errorf("%s: got %v, want %v", path, !want, want)
		}
	}
}
