package packaging

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestKeep(t *testing.T) {
	c := cachedir(t)
	writes := 0
	keep := func(kind Kind) Kept {
		t.Helper()
		k, err := Keep(kind, "key", "file.x", func(w io.Writer) error {
			writes++
			_, err := io.WriteString(w, "content")
			return err
		})
		must(t, err)
		return k
	}
	first := keep(Images)
	want := Kept{filepath.Join(c.dir, "images/key/file.x"), sha256.Sum256([]byte("content")), 7}
	if first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	if again := keep(Images); again != first || writes != 1 {
		t.Errorf("got %+v after %d writes", again, writes)
	}
	must(t, os.WriteFile(first.Path, []byte("CONTENT"), 0o600))
	if repaired := keep(Images); repaired != first || writes != 2 {
		t.Errorf("a damaged file: got %+v after %d writes", repaired, writes)
	}
	info, err := os.Stat(keep(Programs).Path)
	must(t, err)
	if info.Mode()&0o100 == 0 {
		t.Errorf("a program has mode %v", info.Mode())
	}

	// An entry that nobody has used for long goes away.
	must(t, os.Remove(filepath.Join(c.dir, prunedName)))
	old := time.Now().Add(-2 * keepUnused)
	for _, name := range []string{"images/key", "images/key/" + recordName} {
		must(t, os.Chtimes(filepath.Join(c.dir, name), old, old))
	}
	keep(Programs)
	if _, err := os.Stat(first.Path); !errors.Is(err, os.ErrNotExist) {
		t.Error("an old image is still there")
	}
}

func TestKeepFails(t *testing.T) {
	cachedir(t)
	broken := errors.New("broken")
	_, err := Keep(Images, "key", "file", func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	k, err := Keep(Images, "key", "file", func(w io.Writer) error {
		_, err := io.WriteString(w, "whole")
		return err
	})
	must(t, err)
	if text, _ := os.ReadFile(k.Path); string(text) != "whole" {
		t.Errorf("got %q", text)
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	var got []Program
	r := Recipe[int]{
		GoOptions: GoOptions{Dir: tree(t, module()), Package: "./cmd/handler", Arch: runtime.GOARCH},
		Product:   "int",
		Use: func(_ context.Context, p Program) (int, error) {
			got = append(got, p)
			info, err := os.Stat(p.Path)
			if err == nil && (info.Size() != p.Size || len(p.Key) != 64) {
				t.Errorf("got %+v", p)
			}
			return 42, err
		},
	}
	if made, err := Make(context.Background(), r); made != 42 || err != nil {
		t.Errorf("got %v, %v", made, err)
	}
	use := r.Use
	mine := errors.New("mine")
	r.Use = func(ctx context.Context, p Program) (int, error) {
		_, err := use(ctx, p)
		must(t, err)
		return 0, mine
	}
	if _, err := Make(context.Background(), r); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	if len(got) != 2 || got[0] != got[1] {
		t.Errorf("got %+v", got)
	}
	r.OS = "plan9"
	_, err := Make(context.Background(), r)
	wantError(t, err, `OS: must be "linux", "darwin" or "windows", got "plan9"`)
	r.OS, r.Package, r.Purpose = "", "./lib", "an agent"
	_, err = Make(context.Background(), r)
	wantError(t, err, `package "./lib" must be package main to be an agent, got package lib (example.com/m/lib)`)
}

func TestIsProgram(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"linux": "\x7fELF", "darwin": "\xcf\xfa\xed\xfe", "windows": "MZ", "none": "!<arch>\n"} {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, []byte(head+strings.Repeat("x", 10)), 0o600))
		for goos := range magics {
			if got := isProgram(path, goos); got != (goos == name) {
				t.Errorf("a file for %s, as one for %s: %v", name, goos, got)
			}
		}
	}
}
