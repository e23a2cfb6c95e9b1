package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Blob = (*Blob)(nil)

// Blob is a port.Blob. Several processes may use one folder.
type Blob struct {
	// root refuses paths that leave it, through links too.
	root *os.Root
}

// Open returns the Blob in a folder, which it makes when it is not there.
func Open(dir string) (*Blob, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Blob{root: root}, nil
}

// Close releases the folder.
func (b *Blob) Close() error { return b.root.Close() }

// Put is port.Blob's. A reader sees the object as it was or as it is now, and after
// a crash there is one of the two: the content is on disk before it gets its name.
func (b *Blob) Put(ctx context.Context, key, _ string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := port.CheckObjectKey(key); err != nil {
		return err
	}
	dir := path.Dir(key)
	if err := b.root.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("object %s: %w", key, err)
	}
	temporary, err := b.write(dir, data)
	if err != nil {
		return fmt.Errorf("object %s: %w", key, err)
	}
	if err := b.root.Rename(temporary, key); err != nil {
		_ = b.root.Remove(temporary)
		return fmt.Errorf("object %s: %w", key, err)
	}
	for ; ; dir = path.Dir(dir) {
		if err := b.sync(dir); err != nil {
			return fmt.Errorf("object %s: %w", key, err)
		}
		if dir == "." {
			return nil
		}
	}
}

// Get is port.Blob's.
func (b *Blob) Get(ctx context.Context, key string, limit int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := port.CheckObjectKey(key); err != nil {
		return nil, err
	}
	file, err := b.root.Open(key)
	// ENOTDIR: the key is below that of an object.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("object %s: %w", key, port.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("object %s: %w", key, port.ErrNotFound)
	}
	// One byte more than allowed shows that there is more.
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > limit:
		return nil, fmt.Errorf("object %s: %w: %d bytes, more than %d", key, task.ErrTooLarge, info.Size(), limit)
	}
	return data, nil
}
