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

func TestWithProgram(t *testing.T) {
	t.Parallel()
	o := ProgramOptions{GoOptions: GoOptions{Dir: tree(t, module()), Package: "./cmd/handler", Arch: runtime.GOARCH}}
	var got Program
	must(t, WithProgram(context.Background(), o, func(p Program) error {
		got = p
		info, err := os.Stat(p.Path)
		must(t, err)
		if info.Size() != p.Size || len(p.Key) != 64 {
			t.Errorf("got %+v", p)
		}
		return nil
	}))
	mine := errors.New("mine")
	if err := WithProgram(context.Background(), o, func(p Program) error {
		if p != got {
			t.Errorf("the second time it is %+v", p)
		}
		return mine
	}); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	o.OS = "plan9"
	wantError(t, WithProgram(context.Background(), o, nil), `OS: must be "linux", "darwin" or "windows", got "plan9"`)
	o.OS, o.Package, o.Purpose = "", "./lib", "an agent"
	wantError(t, WithProgram(context.Background(), o, nil), `package "./lib" must be package main to be an agent, got package lib (example.com/m/lib)`)
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
