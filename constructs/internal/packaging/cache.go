package packaging

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

// Names inside the cache directory:
//
//	packages/<key>/package.zip   the stored zip
//	packages/<key>/record.json   what its bytes must be, and the last use
//	packages/<key>/<Name>.zip    the same file under the name asked for
//	gobuild/<key>/               see gobuild.go
//	images/<key>/                see keep.go
//	programs/<key>/              see keep.go
//	tmp/                         files on their way to one of these places
//	pruned                       the last time old entries were removed
//
// Every file is complete when it gets its name, by a rename. The bytes of an
// entry follow from its key, so it does not matter which of two processes
// renames last. Whole directories are not renamed: a damaged one could not be
// replaced without a moment in which it is missing.
const (
	packagesDir = "packages"
	tmpDir      = "tmp"
	storedName  = "package"
	recordName  = "record.json"
)

// cache is a directory with finished packages.
type cache struct {
	dir string
	// link is os.Link, which a file system need not have.
	link func(from, to string) error
}

// openCache finds the cache directory. It is created with the first entry.
func openCache() (*cache, error) {
	if err := cachehome.Check(); err != nil {
		return nil, err
	}
	dir, err := cachehome.Dir()
	if err != nil {
		return nil, fmt.Errorf("no directory for the package cache, set %s to one: %w", cachehome.Variable, err)
	}
	return &cache{dir, os.Link}, nil
}

// unwritable explains an error of creating something in the cache. It names the
// cache, not the entry: all that need the cache then have the same error.
func (c *cache) unwritable(err error) error {
	return fmt.Errorf("cannot write to the package cache %s, set %s to a directory that can be written: %w", c.dir, cachehome.Variable, cause(err))
}

// record says what a stored zip must be.
type record struct {
	SHA256 digest `json:"sha256"`
	Size   int64  `json:"size"`
}

// digest is a SHA-256, in hexadecimal in files.
type digest [sha256.Size]byte

func (d digest) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, d[:]), nil
}

func (d *digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return errors.New("not a SHA-256")
	}
	_, err := hex.Decode(d[:], text)
	return err
}

func (c *cache) path(key, file string) string {
	return filepath.Join(c.dir, packagesDir, key, file)
}

// lookup returns the record of an entry if the stored zip is there and has the
// bytes it should have.
func (c *cache) lookup(key string) (record, bool) {
	rec, ok := readRecord(c.path(key, recordName))
	if !ok {
		return rec, false
	}
	// Before the zip is read, so that it is not pruned at that moment.
	c.touch(c.path(key, recordName))
	return rec, rec.matches(c.path(key, storedName+".zip"))
}

func readRecord(path string) (record, bool) {
	var rec record
	text, err := os.ReadFile(path)
	if err != nil {
		return rec, false
	}
	return rec, json.Unmarshal(text, &rec) == nil
}

// matches reports whether the file at path has the record's bytes.
func (r record) matches(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != r.Size {
		return false
	}
	got, err := recordOf(f)
	return err == nil && got == r
}

// recordOf reads r to its end.
func recordOf(r io.Reader) (record, error) {
	h := sha256.New()
	buf := buffers.Get().(*[blockSize + 1]byte)
	defer buffers.Put(buf)
	// Without the wrapper io.CopyBuffer asks *os.File to write itself and
	// leaves buf alone.
	n, err := io.CopyBuffer(h, struct{ io.Reader }{r}, buf[:])
	return record{digest(h.Sum(nil)), n}, err
}

// touch marks a file as used now. It is no error if the cache cannot be written:
// what is in it can be used all the same.
func (c *cache) touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now)
}

// store makes an entry from what write writes.
func (c *cache) store(key string, write func(io.Writer) error) (record, error) {
	if err := os.MkdirAll(c.path(key, ""), 0o755); err != nil {
		return record{}, c.unwritable(err)
	}
	sum := &summing{hash: sha256.New()}
	err := c.create(c.path(key, storedName+".zip"), func(f io.Writer) error {
		sum.w = f
		return write(sum)
	})
	if err != nil {
		return record{}, err
	}
	rec := record{digest(sum.hash.Sum(nil)), sum.n}
	text, err := json.Marshal(rec)
	if err != nil {
		return record{}, err
	}
	err = c.create(c.path(key, recordName), func(f io.Writer) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	return rec, err
}

// summing hashes and counts what goes through it.
type summing struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (s *summing) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	return n, err
}

// named returns the path of the stored zip under a name of the caller's. It is a
// hard link where the file system has them, else a copy.
func (c *cache) named(key, name string, rec record) (string, error) {
	stored, path := c.path(key, storedName+".zip"), c.path(key, name+".zip")
	if name == storedName {
		return path, nil
	}
	if same(stored, path) || rec.matches(path) {
		return path, nil
	}
	tmp, err := c.tempDir()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	link := filepath.Join(tmp, "link")
	if c.link(stored, link) == nil {
		if err := os.Rename(link, path); err != nil {
			return "", c.unwritable(err)
		}
		return path, nil
	}
	return path, c.create(path, func(w io.Writer) error {
		f, err := os.Open(stored)
		if err != nil {
			return err
		}
		defer f.Close()
		sum := &summing{w: w, hash: sha256.New()}
		if _, err := io.Copy(sum, f); err != nil {
			return err
		}
		if !bytes.Equal(sum.hash.Sum(nil), rec.SHA256[:]) {
			return fmt.Errorf("%s %w", stored, errChanged)
		}
		return nil
	})
}

// same reports whether two paths are one file.
func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// create writes a file under a temporary name and gives it its name when it is
// complete.
func (c *cache) create(path string, write func(io.Writer) error) error {
	// Readable for all, because tools copy the mode to where they deploy from.
	return c.createMode(path, modeFile, write)
}

func (c *cache) createMode(path string, mode uint32, write func(io.Writer) error) error {
	tmp, err := c.tempDir()
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	name := filepath.Join(tmp, "file")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(mode))
	if err != nil {
		return c.unwritable(err)
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return c.unwritable(err)
	}
	if err := os.Rename(name, path); err != nil {
		return c.unwritable(err)
	}
	return nil
}

// tempDir makes a directory on the file system of the entries.
func (c *cache) tempDir() (string, error) {
	parent := filepath.Join(c.dir, tmpDir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", c.unwritable(err)
	}
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		return "", c.unwritable(err)
	}
	return dir, nil
}
