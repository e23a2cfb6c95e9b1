package packaging

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DirectoryOptions says what [FromDirectory] packages.
type DirectoryOptions struct {
	// Path is the directory whose content becomes the root of the package.
	// Required.
	Path string
	// Name is the zip file's base name. Default: the directory's base name.
	Name string
	// Excludes are patterns of files and directories to leave out. A pattern
	// without a slash matches a name at any depth, a pattern with one is relative
	// to Path; "**" crosses directories and "!" takes files back in. Of all
	// patterns, then those of a .lambdaignore file in Path, the last match wins.
	// Default: nil means [DefaultExcludes]; an empty slice means none.
	Excludes []string
}

// FromDirectory packages the files below a directory. It reports everything
// that is wrong with the directory at once.
func FromDirectory(ctx context.Context, o DirectoryOptions) (*Package, error) {
	root, err := sourceDirectory(o.Path)
	if err != nil {
		return nil, err
	}
	name := o.Name
	if name == "" {
		name = filepath.Base(root)
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	patterns := o.Excludes
	if patterns == nil {
		patterns = DefaultExcludes()
	}
	// #nosec G304 -- reading the directory the caller names is the purpose.
	ignoreFile, err := os.ReadFile(filepath.Join(root, ignoreName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %s: %w", o.Path, ignoreName, cause(err))
	}
	ex, err := newExcludes(patterns, ignoreFile)
	if err != nil {
		return nil, err
	}

	m, found, err := walk(ctx, root, ex)
	if err != nil {
		return nil, err
	}
	// Files which cannot be read show up here. The pass runs even when the walk
	// has found problems, so that the error names all of them.
	unread, err := m.digest(ctx)
	if err != nil {
		return nil, err
	}
	if err := append(found, unread...).err(); err != nil {
		return nil, fmt.Errorf("cannot package %s:\n%w", o.Path, err)
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("empty package: nothing is left of %s after the excludes", o.Path)
	}
	made, err := pack(ctx, name, m)
	if err != nil {
		return nil, err
	}
	return made.named(name)
}

// sourceDirectory returns the absolute path of dir with symbolic links
// resolved, so that "inside the directory" has one meaning.
func sourceDirectory(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("directory must not be empty")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s does not exist", dir)
	case err != nil:
		return "", fmt.Errorf("%s: %w", dir, cause(err))
	case !info.IsDir():
		return "", fmt.Errorf("%s must be a directory, got a %s", dir, kind(info.Mode()))
	}
	root, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("%s: %w", dir, cause(err))
	}
	return root, nil
}

// kind names what a path is.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "regular file"
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	default:
		return "special file"
	}
}

// cause drops the operation and the path from an error of package os: the
// message names the file itself, relative to the root, which is the same on
// every machine.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
