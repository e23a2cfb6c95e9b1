package packaging

import (
	stdzip "archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zipFile makes a zip the way other tools do.
func zipFile(t *testing.T, headers ...*stdzip.FileHeader) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.zip")
	f, err := os.Create(path)
	must(t, err)
	w := stdzip.NewWriter(f)
	for _, h := range headers {
		h.Method = stdzip.Deflate
		entry, err := w.CreateHeader(h)
		must(t, err)
		if h.Name[len(h.Name)-1] != '/' {
			_, err = entry.Write([]byte(h.Name))
			must(t, err)
		}
	}
	must(t, w.Close())
	must(t, f.Close())
	return path
}

func TestFromZip(t *testing.T) {
	t.Parallel()
	tool := &stdzip.FileHeader{Name: "bin/tool"}
	tool.SetMode(0o700)
	bootstrap := &stdzip.FileHeader{Name: "bootstrap"}
	bootstrap.SetMode(0o644)
	path := zipFile(t, &stdzip.FileHeader{Name: "z.py"}, &stdzip.FileHeader{Name: "bin/"}, tool, bootstrap, &stdzip.FileHeader{Name: "../out"})
	p, err := FromZip(context.Background(), path)
	must(t, err)
	content, err := os.ReadFile(path)
	must(t, err)
	want := &Package{
		Path: path, SHA256: sha256.Sum256(content), ZipSize: int64(len(content)), UnzippedSize: 6 + 8 + 9 + 4,
		Files: []File{{"../out", 6, 0o644}, {"bin/tool", 8, 0o755}, {"bootstrap", 9, 0o644}, {"z.py", 4, 0o644}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestFromZipOfOurs(t *testing.T) {
	t.Parallel()
	want := fromDir(t, tree(t, every()))
	got, err := FromZip(context.Background(), want.Path)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFromZipRelative(t *testing.T) {
	path := zipFile(t, &stdzip.FileHeader{Name: "a"})
	t.Chdir(filepath.Dir(path))
	p, err := FromZip(context.Background(), "code.zip")
	must(t, err)
	wd, err := os.Getwd()
	must(t, err)
	if p.Path != filepath.Join(wd, "code.zip") {
		t.Errorf("Path: %s", p.Path)
	}
}

func TestFromZipErrors(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"x.zip": "no zip at all", "empty.zip": ""})
	none := zipFile(t, &stdzip.FileHeader{Name: "dir/"})
	for _, tc := range []struct{ name, path, want string }{
		{"no path", "", "zip file must not be empty"},
		{"missing", dir + "/nope.zip", dir + "/nope.zip does not exist"},
		{"directory", dir, dir + " must be a zip file, got a directory"},
		{"other file", dir + "/x.zip", dir + "/x.zip must be a zip file: zip: not a valid zip file"},
		{"empty file", dir + "/empty.zip", dir + "/empty.zip must be a zip file: zip: not a valid zip file"},
		{"no files", none, "empty package: " + none + " has no files"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := FromZip(context.Background(), tc.path)
			wantError(t, err, tc.want)
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FromZip(ctx, none); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
