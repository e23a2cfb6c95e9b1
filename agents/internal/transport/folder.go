package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder keeps objects as files.
type Folder struct {
	root string
}

// NewFolder returns the store below root, which need not exist.
func NewFolder(root string) *Folder { return &Folder{root: root} }

// Put writes the file beside its place and renames it: a reader, or the next
// start after a crash, sees the whole object or none.
func (f *Folder) Put(ctx context.Context, key, _ string, data []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(f.root, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".put-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // nothing is there after the rename
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = file.Chmod(0o644) // CreateTemp's 0600 would hide a report from others
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", key, err)
	}
	return os.Rename(file.Name(), path)
}

// Get reads the file.
func (f *Folder) Get(ctx context.Context, key string, limit int) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(f.root, filepath.FromSlash(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAtMost(file, key, limit)
}

// readAtMost reads one byte more than allowed, to know that there is more.
func readAtMost(r io.Reader, key string, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s: %w: must have at most %d bytes", key, ErrTooLarge, limit)
	}
	return data, nil
}
