package packaging

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// Kind names a part of the cache for files that are no packages.
type Kind string

// What else is kept.
const (
	Images   Kind = "images"   // container images
	Programs Kind = "programs" // compiled programs that are run at apply
)

// Kept is a file in the cache.
type Kept struct {
	// Path is absolute.
	Path string
	// SHA256 is the digest of the file's bytes.
	SHA256 [32]byte
	// Size is in bytes.
	Size int64
}

// Keep returns the file that write makes, from the cache if it is there with the
// bytes it had. The bytes must follow from the key, which is a file name, alone.
// A file of the kind Programs can be executed.
func Keep(kind Kind, key, name string, write func(io.Writer) error) (Kept, error) {
	c, err := openCache()
	if err != nil {
		return Kept{}, err
	}
	defer c.prune()
	dir := filepath.Join(c.dir, string(kind), key)
	path, recordPath := filepath.Join(dir, name), filepath.Join(dir, recordName)
	if rec, ok := readRecord(recordPath); ok {
		// Before the file is read, so that it is not pruned at that moment.
		c.touch(recordPath)
		if rec.matches(path) {
			return Kept{path, rec.SHA256, rec.Size}, nil
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Kept{}, c.unwritable(err)
	}
	mode := modeFile
	if kind == Programs {
		mode = modeExecutable
	}
	sum := &summing{hash: sha256.New()}
	if err := c.createMode(path, mode, func(f io.Writer) error {
		sum.w = f
		return write(sum)
	}); err != nil {
		return Kept{}, err
	}
	rec := record{digest(sum.hash.Sum(nil)), sum.n}
	text, err := json.Marshal(rec)
	if err != nil {
		return Kept{}, err
	}
	err = c.create(recordPath, func(f io.Writer) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	return Kept{path, rec.SHA256, rec.Size}, err
}
