package packaging

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
	"github.com/aegis-agents/aegis/internal/treetest"
)

func TestCacheHit(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, every())
	first := fromDir(t, dir)
	before, err := os.Stat(first.Path)
	must(t, err)
	second := fromDir(t, dir)
	after, err := os.Stat(second.Path)
	must(t, err)
	if first.Path != second.Path || first.SHA256 != second.SHA256 || first.ZipSize != second.ZipSize || !os.SameFile(before, after) {
		t.Errorf("second run differs:\n%+v\n%+v", first, second)
	}
	if !strings.HasPrefix(first.Path, filepath.Join(c.dir, packagesDir)+string(filepath.Separator)) || filepath.Base(first.Path) != "p.zip" {
		t.Errorf("Path: %s", first.Path)
	}
	if before.Size() != first.ZipSize {
		t.Errorf("ZipSize: got %d, want %d", first.ZipSize, before.Size())
	}
	if got, _ := base64.StdEncoding.DecodeString(first.SourceCodeHash()); string(got) != string(first.SHA256[:]) {
		t.Errorf("SourceCodeHash: %s", first.SourceCodeHash())
	}
	if runtime.GOOS != "windows" && before.Mode().Perm()&^0o022 != 0o644 {
		t.Errorf("mode of the zip: %v", before.Mode())
	}
	noTemps(t, c)
}

// TestCacheNames packages one content under several names: it is compressed once.
func TestCacheNames(t *testing.T) {
	cachedir(t)
	dir := tree(t, map[string]string{"a": "1"})
	var infos []fs.FileInfo
	for _, name := range []string{"one", "two", storedName, "one"} {
		p, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir, Name: name})
		must(t, err)
		if filepath.Base(p.Path) != name+".zip" {
			t.Errorf("name %s: got %s", name, p.Path)
		}
		info, err := os.Stat(p.Path)
		must(t, err)
		infos = append(infos, info)
	}
	for _, info := range infos {
		if !os.SameFile(info, infos[0]) {
			t.Errorf("%s is not the same file", info.Name())
		}
	}
}

// TestCacheWithoutLinks has a file system without hard links: names are copies,
// which are checked like the stored zip.
func TestCacheWithoutLinks(t *testing.T) {
	c := cachedir(t)
	c.link = func(string, string) error { return errors.ErrUnsupported }
	rec, err := c.store("key", func(w io.Writer) error {
		_, err := io.WriteString(w, "content")
		return err
	})
	must(t, err)
	path, err := c.named("key", "n", rec)
	must(t, err)
	before, err := os.Stat(path)
	must(t, err)
	again, err := c.named("key", "n", rec)
	must(t, err)
	after, err := os.Stat(again)
	must(t, err)
	if !rec.matches(path) || path != again || !os.SameFile(before, after) {
		t.Errorf("%s is not a lasting copy", path)
	}
	must(t, os.WriteFile(path, []byte("CONTENT"), 0o600))
	_, err = c.named("key", "n", rec)
	must(t, err)
	if !rec.matches(path) {
		t.Error("a damaged copy stays")
	}
	must(t, os.WriteFile(c.path("key", "package.zip"), []byte("CONTENT"), 0o600))
	must(t, os.Remove(path))
	if _, err = c.named("key", "n", rec); !errors.Is(err, errChanged) {
		t.Errorf("a damaged zip is copied: %v", err)
	}
	noTemps(t, c)
}

func TestCacheRepairs(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, entry string)
	}{
		{"one bit", func(t *testing.T, entry string) {
			f, err := os.OpenFile(filepath.Join(entry, "package.zip"), os.O_RDWR, 0)
			must(t, err)
			defer f.Close()
			b := make([]byte, 1)
			_, err = f.ReadAt(b, 100)
			must(t, err)
			b[0] ^= 1
			_, err = f.WriteAt(b, 100)
			must(t, err)
		}},
		{"cut short", func(t *testing.T, entry string) { must(t, os.Truncate(filepath.Join(entry, "package.zip"), 100)) }},
		{"empty zip", func(t *testing.T, entry string) { must(t, os.Truncate(filepath.Join(entry, "p.zip"), 0)) }},
		{"no zip", func(t *testing.T, entry string) { must(t, os.Remove(filepath.Join(entry, "package.zip"))) }},
		{"no name", func(t *testing.T, entry string) { must(t, os.Remove(filepath.Join(entry, "p.zip"))) }},
		{"another file under the name", func(t *testing.T, entry string) {
			must(t, os.Remove(filepath.Join(entry, "p.zip")))
			must(t, os.WriteFile(filepath.Join(entry, "p.zip"), []byte("x"), 0o600))
		}},
		{"no record", func(t *testing.T, entry string) { must(t, os.Remove(filepath.Join(entry, recordName))) }},
		{"empty record", func(t *testing.T, entry string) { must(t, os.Truncate(filepath.Join(entry, recordName), 0)) }},
		{"wrong record", func(t *testing.T, entry string) {
			must(t, os.WriteFile(filepath.Join(entry, recordName), []byte(`{"sha256":"00","size":1}`), 0o600))
		}},
		{"record of nothing", func(t *testing.T, entry string) {
			must(t, os.WriteFile(filepath.Join(entry, recordName), []byte(`{}`), 0o600))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := cachedir(t)
			dir := tree(t, map[string]string{"a": text(1, 10000)})
			want := fromDir(t, dir)
			tc.damage(t, filepath.Dir(want.Path))
			for range 2 {
				got := fromDir(t, dir)
				f, err := os.Open(got.Path)
				must(t, err)
				defer f.Close()
				rec, err := recordOf(f)
				must(t, err)
				if rec.SHA256 != want.SHA256 || got.SHA256 != want.SHA256 {
					t.Error("the entry is still damaged")
				}
			}
			noTemps(t, c)
		})
	}
}

// noTemps checks that no temporary files are left.
func noTemps(t *testing.T, c *cache) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(c.dir, tmpDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left in %s", entry.Name(), tmpDir)
	}
}

func TestChangedMeanwhile(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(path string) error
	}{
		{"content", func(path string) error { return os.WriteFile(path, []byte(text(2, 2000)), 0o600) }},
		{"longer", func(path string) error { return os.WriteFile(path, []byte(text(1, 2001)), 0o600) }},
		{"shorter", func(path string) error { return os.WriteFile(path, []byte(text(1, 1999)), 0o600) }},
		{"gone", os.Remove},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := cachedir(t)
			dir := tree(t, map[string]string{"a": "1", "b/c": text(1, 2000)})
			m, _, err := walk(context.Background(), dir, new(excludes))
			must(t, err)
			_, err = m.digest(context.Background())
			must(t, err)
			must(t, tc.change(filepath.Join(dir, "b/c")))

			_, err = pack(context.Background(), "p", m)
			wantError(t, err, "package p: b/c: changed while it was being packaged")
			if !errors.Is(err, errChanged) {
				t.Error("the error is not errChanged")
			}
			for name := range treetest.Read(t, c.dir) {
				if strings.HasPrefix(name, packagesDir) {
					t.Errorf("%s is in the cache", name)
				}
			}
			noTemps(t, c)

			wrong, err := m.digest(context.Background())
			must(t, err)
			want := "b/c: changed while it was being packaged"
			if tc.name == "content" {
				want = "" // a new first pass takes the file as it is
			}
			wantError(t, wrong.err(), want)
		})
	}
}

func TestCancelled(t *testing.T) {
	c := cachedir(t)
	dir := tree(t, every())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FromDirectory(ctx, DirectoryOptions{Path: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	m, _, err := walk(context.Background(), dir, new(excludes))
	must(t, err)
	_, err = m.digest(context.Background())
	must(t, err)
	_, err = c.store("key", func(w io.Writer) error {
		cancel()
		return writeZip(ctx, w, m, 2)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if files := treetest.Read(t, c.dir); len(files) > 0 {
		t.Errorf("the cache holds %d files", len(files))
	}
	noTemps(t, c)
}

func TestCacheDirectory(t *testing.T) {
	dir := tree(t, map[string]string{"a": "1"})
	file := filepath.Join(dir, "a")
	package1 := func() error {
		_, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir})
		return err
	}

	t.Run("cannot be written", func(t *testing.T) {
		t.Setenv(cachehome.Variable, filepath.Join(file, "x"))
		wantError(t, package1(), "package "+filepath.Base(dir)+": cannot write to the package cache "+filepath.Join(file, "x")+", set AEGIS_CACHE_DIR to a directory that can be written: not a directory")
	})
	t.Run("the same error for all programs", func(t *testing.T) {
		t.Setenv(cachehome.Variable, file)
		for _, program := range []string{"./one", "./two"} {
			_, err := FromGo(context.Background(), GoOptions{Package: program, Arch: "arm64"})
			wantError(t, err, "cannot write to the package cache "+file+", set AEGIS_CACHE_DIR to a directory that can be written: not a directory")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		t.Setenv(cachehome.Variable, "")
		t.Setenv("XDG_CACHE_HOME", "")
		t.Setenv("HOME", "")
		if _, err := os.UserCacheDir(); err == nil {
			t.Skip("there is a cache directory all the same")
		}
		wantError(t, package1(), "no directory for the package cache, set AEGIS_CACHE_DIR to one: neither $XDG_CACHE_HOME nor $HOME are defined")
	})
	t.Run("user's", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("the variable is Linux's")
		}
		home := t.TempDir()
		t.Setenv(cachehome.Variable, "")
		t.Setenv("XDG_CACHE_HOME", home)
		p := fromDir(t, dir)
		if !strings.HasPrefix(p.Path, filepath.Join(home, "aegis", packagesDir)) {
			t.Errorf("Path: %s", p.Path)
		}
	})
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		for _, value := range []string{"here", "./here", "../here/there", "~/here"} {
			t.Setenv(cachehome.Variable, value)
			wantError(t, package1(), fmt.Sprintf("AEGIS_CACHE_DIR: must be an absolute path, got %q", value))
		}
		if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
			t.Errorf("got %v, %v, want nothing made", entries, err)
		}
	})
	t.Run("read only with the package in it", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root can write everywhere")
		}
		c := cachedir(t)
		fromDir(t, dir)
		must(t, os.Chmod(c.dir, 0o500))
		t.Cleanup(func() { _ = os.Chmod(c.dir, 0o700) })
		fromDir(t, dir)
	})
}

// raceVariable makes the test program package a directory for TestRace.
const raceVariable = "PACKAGING_TEST_RACE"

// TestRace packages the same directory at the same time in several goroutines of
// several processes, some of which are killed on the way.
func TestRace(t *testing.T) {
	if dir := os.Getenv(raceVariable); dir != "" {
		for range 4 {
			fromDir(t, dir)
		}
		return
	}
	c := cachedir(t)
	dir := tree(t, every())
	// A killed process leaves its temporary files, so they go in here.
	tmp := t.TempDir()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestRace$", "-test.count=1")
			cmd.Env = append(os.Environ(), raceVariable+"="+dir, cachehome.Variable+"="+c.dir, "TMPDIR="+tmp)
			if i%2 == 1 {
				time.AfterFunc(time.Duration(i)*40*time.Millisecond, cancel)
			}
			out, err := cmd.CombinedOutput()
			if i%2 == 0 && err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
		wg.Go(func() {
			if _, err := FromDirectory(context.Background(), DirectoryOptions{Path: dir, Name: "p", Excludes: []string{}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	p := fromDir(t, dir)
	if content, err := os.ReadFile(p.Path); err != nil || int64(len(content)) != p.ZipSize {
		t.Errorf("%d bytes, want %d: %v", len(content), p.ZipSize, err)
	}
}
