package packaging

import (
	"context"
	"fmt"
	"io"
)

// stored is a package in the cache, before it has a name.
type stored struct {
	cache *cache
	key   string
	rec   record
	files manifest
}

// pack makes the package with the files of m, or finds it in the cache. The
// digests of m must be filled in. The name is for errors.
func pack(ctx context.Context, name string, m manifest) (*stored, error) {
	c, err := openCache()
	if err != nil {
		return nil, err
	}
	defer c.prune()
	key := m.key()
	rec, ok := c.lookup(key)
	if !ok {
		rec, err = c.store(key, func(w io.Writer) error {
			return writeZip(ctx, w, m, workers())
		})
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", name, err)
		}
	}
	return &stored{c, key, rec, m}, nil
}

// named returns the package under a name.
func (s *stored) named(name string) (*Package, error) {
	path, err := s.cache.named(s.key, name, s.rec)
	if err != nil {
		return nil, err
	}
	return &Package{
		Path:         path,
		SHA256:       s.rec.SHA256,
		ZipSize:      s.rec.Size,
		UnzippedSize: s.files.size(),
		Files:        s.files.files(),
	}, nil
}
