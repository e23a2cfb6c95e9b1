package packaging

import (
	stdzip "archive/zip"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"github.com/aegis-agents/aegis/internal/treetest"
)

// text makes n bytes that compress, noise n bytes that do not.
func text(seed uint64, n int) string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "line %d of %x\n", rnd.IntN(1000), rnd.IntN(30))
	}
	return b.String()[:n]
}

func noise(seed uint64, n int) string {
	rnd := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

// every is a tree with every kind of file: empty, tiny, on both sides of a
// block's end, in several blocks, incompressible, executable and linked.
func every() map[string]string { return maps.Clone(everyOnce()) }

var everyOnce = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"bootstrap":        "#!/bin/sh\n",
		"empty":            "",
		"tiny":             "a",
		"main.py":          text(1, 5000),
		"bin/tool*":        text(2, 3000),
		"block-1":          text(3, blockSize-1),
		"block":            text(4, blockSize),
		"block+1":          text(5, blockSize+1),
		"many":             text(6, 3*blockSize+12345),
		"noise":            noise(7, 4000),
		"noise-many":       noise(8, 2*blockSize+1),
		"zeros":            strings.Repeat("\x00", 2*blockSize),
		"ünï cödé/日本語.txt": "unicode",
		"link":             "->main.py",
	}
})

// goldenSHA256 is the digest of the package made of every(). If it changes, the
// same sources give other bytes than before and every function is deployed
// again: do it on purpose only, change formatVersion too, and say so in the
// change log.
const goldenSHA256 = "f9d75bc8dd5c7bb7279e42d2095264f3927597d330c1a54ed1f1e450f806152d"

func TestGolden(t *testing.T) {
	t.Parallel()
	p := fromDir(t, tree(t, every()))
	if got := hex.EncodeToString(p.SHA256[:]); got != goldenSHA256 {
		t.Errorf("digest:\n got: %s\nwant: %s", got, goldenSHA256)
	}
}

// TestReaders unpacks a package with everything that may be at hand.
func TestReaders(t *testing.T) {
	t.Parallel()
	files := every()
	p := fromDir(t, tree(t, files))
	want := map[string]string{}
	for name, content := range files {
		want[strings.TrimSuffix(name, "*")] = content
	}
	want["link"] = want["main.py"]

	t.Run("archive/zip", func(t *testing.T) {
		t.Parallel()
		r, err := stdzip.OpenReader(p.Path)
		must(t, err)
		defer r.Close()
		got := map[string]string{}
		for i, f := range r.File {
			rc, err := f.Open()
			must(t, err)
			content, err := io.ReadAll(rc)
			must(t, err) // checks the CRC
			got[f.Name] = string(content)
			if f.Name != p.Files[i].Name || int64(f.UncompressedSize64) != p.Files[i].Size || uint32(f.Mode()) != p.Files[i].Mode {
				t.Errorf("%s: entry %v differs from %v", f.Name, f.FileHeader, p.Files[i])
			}
			if len(f.Extra) > 0 || f.Comment != "" || f.ModifiedDate != 0x21 || f.ModifiedTime != 0 {
				t.Errorf("%s: extra fields %x, comment %q, date %#x %#x", f.Name, f.Extra, f.Comment, f.ModifiedDate, f.ModifiedTime)
			}
		}
		sameContent(t, got, want)
	})
	t.Run("unzip", func(t *testing.T) {
		t.Parallel()
		unzip := look(t, "unzip")
		run(t, unzip, "-tqq", p.Path)
		dir := t.TempDir()
		run(t, unzip, "-qq", p.Path, "-d", dir)
		sameContent(t, treetest.Read(t, dir), want)
		info, err := os.Stat(filepath.Join(dir, "bin/tool"))
		must(t, err)
		if info.Mode().Perm()&0o100 == 0 {
			t.Error("unzip makes bin/tool not executable")
		}
	})
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		run(t, look(t, "python3"), "-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nz.extractall(sys.argv[2])", p.Path, dir)
		sameContent(t, treetest.Read(t, dir), want)
	})
}

// sameContent compares without writing megabytes into the log.
func sameContent(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%q: content differs, got %d bytes, want %d", name, len(got[name]), len(content))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q: unexpected", name)
		}
	}
}

func look(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip(err)
	}
	return path
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	// unzip needs a locale for names that are not ASCII.
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// TestCheckouts packages one tree from two checkouts which differ in everything
// that must not matter, each made from scratch.
func TestCheckouts(t *testing.T) {
	var digests [2][32]byte
	for i, umask := range []os.FileMode{0o022, 0o077} {
		cachedir(t)
		dir := filepath.Join(t.TempDir(), strings.Repeat("deeper/", i))
		write(t, dir, every())
		must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.Type()&os.ModeSymlink != 0 {
				return err
			}
			info, err := d.Info()
			must(t, err)
			must(t, os.Chmod(path, info.Mode().Perm()&^umask))
			then := time.Date(1970+i*60, 2, 3, 4, 5, 6, 7, time.FixedZone("", i*3600))
			return os.Chtimes(path, then, then)
		}))
		digests[i] = fromDir(t, dir).SHA256
	}
	if digests[0] != digests[1] {
		t.Error("two checkouts give different bytes")
	}
}

// TestContentDecides is the other side: what matters changes the bytes.
func TestContentDecides(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]string{}
	for name, files := range map[string]map[string]string{
		"base":    {"a": "1", "b": "2"},
		"content": {"a": "1", "b": "3"},
		"name":    {"a": "1", "c": "2"},
		"mode":    {"a*": "1", "b": "2"},
		"swapped": {"a": "2", "b": "1"},
		"moved":   {"a": "1", "b/b": "2"},
	} {
		p := fromDir(t, tree(t, files))
		if other, ok := seen[p.SHA256]; ok {
			t.Errorf("%s and %s give the same bytes", name, other)
		}
		seen[p.SHA256] = name
	}
}

func TestWorkersDoNotShow(t *testing.T) {
	t.Parallel()
	dir := tree(t, every())
	m, wrong, err := walk(context.Background(), dir, new(excludes))
	must(t, err)
	must(t, wrong.err())
	_, err = m.digest(context.Background())
	must(t, err)
	var first []byte
	for _, n := range []int{1, 2, 3, 16} {
		var out bytes.Buffer
		must(t, writeZip(context.Background(), &out, m, n))
		if first == nil {
			first = out.Bytes()
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Errorf("%d workers give other bytes than one", n)
		}
	}
}

// TestUsedWriter checks what the pool of writers relies on: a writer that has
// compressed something else gives the same bytes as a new one.
func TestUsedWriter(t *testing.T) {
	t.Parallel()
	used, err := flate.NewWriter(io.Discard, level)
	must(t, err)
	for i := range uint64(57) {
		size := 1 << (i % 19)
		content := text(i, size)
		switch i % 4 {
		case 1:
			content = noise(i, size)
		case 2:
			content = noise(i, size/2) + text(i, size-size/2)
		case 3:
			content = string(sourceText(i, size))
		}
		var got, want bytes.Buffer
		fresh, err := flate.NewWriter(&want, level)
		must(t, err)
		used.Reset(&got)
		for _, w := range []*flate.Writer{used, fresh} {
			_, err := io.WriteString(w, content)
			must(t, err)
			if i%3 == 0 {
				must(t, w.Flush())
			} else {
				must(t, w.Close())
			}
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("content %d of %d bytes: a used writer gives other bytes", i, size)
		}
	}
}

// TestOddNames packages names made of what usually goes wrong.
func TestOddNames(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not have these names")
	}
	parts := []string{" ", "'", `"`, "\n", "\t", "$(x)", "`x`", ";", "&", "|", "*", "?", "[a]", "#", "!", "~", "-rf", "%s", "\\", "é", "é", "日本", "🎉", "..x", ".", "C:", "ÿ", "\x7f", "\u202e"}
	rnd := rand.New(rand.NewPCG(1, 1))
	want := map[string]string{}
	for i := range 200 {
		var name string
		for depth := range 1 + rnd.IntN(3) {
			if depth > 0 {
				name += "/"
			}
			name += fmt.Sprint(depth)
			for range 1 + rnd.IntN(4) {
				name += parts[rnd.IntN(len(parts))]
			}
		}
		want[name+fmt.Sprint("x", i)] = text(uint64(i), rnd.IntN(100))
	}
	dir := t.TempDir()
	for name, content := range want {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
	p := fromDir(t, dir)
	r, err := stdzip.OpenReader(p.Path)
	must(t, err)
	defer r.Close()
	got := map[string]string{}
	last := ""
	for _, f := range r.File {
		if f.Name <= last {
			t.Errorf("%q comes after %q", f.Name, last)
		}
		last = f.Name
		if f.NonUTF8 {
			t.Errorf("%q is not marked as UTF-8", f.Name)
		}
		rc, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(rc)
		must(t, err)
		got[f.Name] = string(content)
	}
	sameContent(t, got, want)

	out, err := exec.Command(look(t, "python3"), "-c", "import sys, json, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))", p.Path).Output()
	must(t, err)
	var list []string
	must(t, json.Unmarshal(out, &list))
	if diff := cmp.Diff(names(p), list); diff != "" {
		t.Errorf("python: %s", diff)
	}
}

type failing struct{ after int }

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

// TestZipStops checks that nothing is left running after an error.
func TestZipStops(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := tree(t, every())
	m, _, err := walk(context.Background(), dir, new(excludes))
	must(t, err)
	_, err = m.digest(context.Background())
	must(t, err)

	wantError(t, writeZip(context.Background(), &failing{after: 500_000}, m, 3), "disk full")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := writeZip(ctx, io.Discard, m, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	err = writeZip(ctx, writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }), m, 3)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled on the way: got %v", err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
