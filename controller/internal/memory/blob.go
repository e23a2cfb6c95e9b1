package memory

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Blob = (*Blob)(nil)

// Blob is a port.Blob.
type Blob struct {
	mu      sync.RWMutex
	objects map[string][]byte
}

// NewBlob returns an empty Blob.
func NewBlob() *Blob { return &Blob{objects: map[string][]byte{}} }

// Put is port.Blob's.
func (b *Blob) Put(ctx context.Context, key, _ string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := port.CheckObjectKey(key); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[key] = bytes.Clone(data)
	return nil
}

// Get is port.Blob's.
func (b *Blob) Get(ctx context.Context, key string, limit int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := port.CheckObjectKey(key); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	data, found := b.objects[key]
	switch {
	case !found:
		return nil, fmt.Errorf("object %s: %w", key, port.ErrNotFound)
	case len(data) > limit:
		return nil, fmt.Errorf("object %s: %w: %d bytes, more than %d", key, task.ErrTooLarge, len(data), limit)
	}
	return bytes.Clone(data), nil
}

// Keys returns the keys of all objects, sorted.
func (b *Blob) Keys() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Sorted(maps.Keys(b.objects))
}
