package packaging

import (
	"os"
	"path/filepath"
	"time"
)

const (
	// keepUnused is how long an entry stays in the cache without being used.
	keepUnused = 30 * 24 * time.Hour
	// pruneEvery is how often old entries are looked for. Temporary files of a
	// killed process are left alone for as long: no build takes a day.
	pruneEvery = 24 * time.Hour
	prunedName = "pruned"
)

// prune removes entries which have not been used for keepUnused, at most once in
// pruneEvery. Nobody waits for the space, so errors are left for the next time.
func (c *cache) prune() {
	stamp := filepath.Join(c.dir, prunedName)
	now := time.Now()
	if !olderThan(stamp, now.Add(-pruneEvery)) {
		return
	}
	// First of all, so that other processes do not do it at the same time.
	if f, err := os.OpenFile(stamp, os.O_WRONLY|os.O_CREATE, 0o644); err == nil {
		_ = f.Close()
	}
	c.touch(stamp)

	c.pruneDir(packagesDir, recordName, now.Add(-keepUnused))
	c.pruneDir(goBuildDir, buildRecord, now.Add(-keepUnused))
	c.pruneDir(string(Images), recordName, now.Add(-keepUnused))
	c.pruneDir(string(Programs), recordName, now.Add(-keepUnused))
	c.pruneDir(tmpDir, "", now.Add(-pruneEvery))
}

// pruneDir removes the entries of a directory if they, and the file mark in
// them, were last changed before a time.
func (c *cache) pruneDir(dir, mark string, before time.Time) {
	dir = filepath.Join(c.dir, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if olderThan(path, before) && olderThan(filepath.Join(path, mark), before) {
			c.discard(path)
		}
	}
}

// discard removes a directory. The rename takes it away at once, so that nobody
// finds half an entry.
func (c *cache) discard(path string) {
	tmp, err := c.tempDir()
	if err != nil {
		return
	}
	_ = os.Rename(path, filepath.Join(tmp, "discarded"))
	_ = os.RemoveAll(tmp)
}

// olderThan reports whether the file was last changed before a time, or does not
// exist.
func olderThan(path string, before time.Time) bool {
	info, err := os.Stat(path)
	return err != nil || info.ModTime().Before(before)
}
