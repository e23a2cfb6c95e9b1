package packaging

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Modes an entry can have. Lambda needs nothing else: read for all, and execute
// for all when the owner may execute the file.
const (
	modeFile       uint32 = 0o644
	modeExecutable uint32 = 0o755
)

// bootstrapName is the program that the provided.* runtimes start.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
const bootstrapName = "bootstrap"

// Package is a finished deployment package.
type Package struct {
	// Path is the absolute path of the zip file. Its base name is the name
	// asked for and ".zip".
	Path string
	// SHA256 is the digest of the zip file's bytes.
	SHA256 [32]byte
	// ZipSize is the size of the zip file in bytes.
	ZipSize int64
	// UnzippedSize is the size of all files together in bytes.
	UnzippedSize int64
	// Files are the files in the package, sorted by name.
	Files []File
}

// File is one file in a package.
type File struct {
	// Name is relative to the package's root, with slashes.
	Name string
	// Size is the unzipped size in bytes.
	Size int64
	// Mode is 0o644 or 0o755.
	Mode uint32
}

// SourceCodeHash returns the digest in the form that Lambda's CodeSha256 and
// Terraform's source_code_hash use.
func (p *Package) SourceCodeHash() string {
	return base64.StdEncoding.EncodeToString(p.SHA256[:])
}

// Largest returns the n largest files, the largest first.
func (p *Package) Largest(n int) []File {
	files := slices.Clone(p.Files)
	slices.SortStableFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Name, b.Name))
	})
	return files[:max(0, min(n, len(files)))]
}

// maxName leaves room for ".zip" and a temporary suffix in the 255 bytes which
// common file systems allow for one name.
const maxName = 200

// checkName reports why name cannot be the base name of a zip file.
func checkName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("package name must have at most %d bytes, got %d", maxName, len(name))
	case !utf8.ValidString(name), strings.ContainsAny(name, "/\\:*?\"<>|"),
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }),
		strings.HasPrefix(name, "."):
		return fmt.Errorf("package name must be a file name without special characters that does not start with a dot, got %q", name)
	}
	return nil
}
