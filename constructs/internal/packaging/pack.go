package packaging

import (
	"context"
	"fmt"
	"io"
)

// pack returns the package with the files of m, from the cache if it is there.
// The digests of m must be filled in.
func pack(ctx context.Context, name string, m manifest) (*Package, error) {
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
	path, err := c.named(key, name, rec)
	if err != nil {
		return nil, err
	}
	return &Package{
		Path:         path,
		SHA256:       rec.SHA256,
		ZipSize:      rec.Size,
		UnzippedSize: m.size(),
		Files:        m.files(),
	}, nil
}
