package packaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zip"
)

// FromZip describes a zip file that exists already. The file stays where it is
// and as it is.
func FromZip(ctx context.Context, path string) (*Package, error) {
	if path == "" {
		return nil, errors.New("zip file must not be empty")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s must be a zip file, got a %s", path, kind(info.Mode()))
	}
	f, err := os.Open(abs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	defer f.Close()

	rec, err := recordOf(&interruptible{ctx, f})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	// The directory is read from the same open file, and only as much of it as
	// was hashed.
	r, err := zip.NewReader(f, rec.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%s must be a zip file: %w", path, err)
	}
	p := &Package{Path: abs, SHA256: rec.SHA256, ZipSize: rec.Size}
	for _, entry := range r.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		file := File{Name: entry.Name, Size: int64(entry.UncompressedSize64), Mode: modeFile}
		if entry.Mode()&0o100 != 0 {
			file.Mode = modeExecutable
		}
		p.UnzippedSize += file.Size
		p.Files = append(p.Files, file)
	}
	if len(p.Files) == 0 {
		return nil, fmt.Errorf("empty package: %s has no files", path)
	}
	slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

// interruptible stops reading when the context ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
