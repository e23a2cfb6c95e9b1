package image

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/aegis-agents/aegis/constructs/internal/image/layout"
)

// TestMain gives all tests one cache of their own.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("AEGIS_CACHE_DIR", dir); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

// module is a small module without dependencies. Not even fmt: the standard
// library would have to be compiled for both architectures.
func module() map[string]string {
	return map[string]string{
		"go.mod":             "module example.com/m\n\ngo 1.24\n",
		"agents/one/main.go": "package main\n\nvar version = \"none\"\n\nfunc main() { println(\"one\", version) }\n",
		"agents/one/tag.go":  "//go:build special\n\npackage main\n\nfunc init() { println(\"special\") }\n",
		"lib/lib.go":         "package lib\n",
	}
}

func sample(t testing.TB) Go {
	t.Helper()
	return Go{Dir: write(t, t.TempDir(), module()), Package: "./agents/one", Platform: "linux/arm64"}
}

func build(t testing.TB, g Go) *Built {
	t.Helper()
	b, err := g.Build(context.Background())
	must(t, err)
	return b
}

func open(t testing.TB, b *Built) *layout.File {
	t.Helper()
	f, err := layout.Open(b.Layout)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestGoReproducible builds in two checkouts, for two users, with empty caches.
func TestGoReproducible(t *testing.T) {
	var built [2]*Built
	for i := range built {
		t.Setenv("AEGIS_CACHE_DIR", t.TempDir())
		g := sample(t)
		g.BuildTags = [][]string{{"b", "a"}, {"a", "b", "a"}}[i]
		g.Labels = map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"}
		g.Env = map[string]string{"X": "1", "Y": "2", "Z": "3"}
		if i == 1 {
			t.Setenv("GOFLAGS", "-race -gcflags=all=-N")
			t.Setenv("GOARM64", "v9.0")
			must(t, os.Chtimes(filepath.Join(g.Dir, "agents/one/main.go"), time.Unix(1, 0), time.Unix(1, 0)))
			must(t, os.Chmod(filepath.Join(g.Dir, "agents/one/main.go"), 0o600))
		}
		built[i] = build(t, g)
	}
	one, err := os.ReadFile(built[0].Layout)
	must(t, err)
	two, err := os.ReadFile(built[1].Layout)
	must(t, err)
	if built[0].Digest != built[1].Digest || built[0].Hash != built[1].Hash || !bytes.Equal(one, two) {
		t.Errorf("two users get %s and %s", built[0].Digest, built[1].Digest)
	}
	if "sha256:"+built[0].Hash != built[0].Digest || len(built[0].Hash) != 64 {
		t.Errorf("%+v", built[0])
	}
}

// TestGoFolder builds the package of a module's own folder, which is called
// differently in every checkout.
func TestGoFolder(t *testing.T) {
	t.Parallel()
	for modulePath, want := range map[string]string{"example.com/team/agent": "/app/agent", "example.com/agent/v2": "/app/agent"} {
		digest := ""
		for _, folder := range []string{"agent", "check out", "v7"} {
			dir := write(t, filepath.Join(t.TempDir(), folder), map[string]string{
				"go.mod": "module " + modulePath + "\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n",
			})
			b := build(t, Go{Dir: dir, Package: ".", Platform: "linux/amd64"})
			config, err := open(t, b).ConfigFile()
			must(t, err)
			if got := config.Config.Entrypoint; len(got) != 1 || got[0] != want {
				t.Errorf("%s in a folder %q: want %s, got %v", modulePath, folder, want, got)
			}
			if digest == "" {
				digest = b.Digest
			}
			if b.Digest != digest {
				t.Errorf("%s in a folder %q: the digest differs", modulePath, folder)
			}
		}
	}
}

// TestGoInputs changes one thing at a time.
func TestGoInputs(t *testing.T) {
	base := sample(t)
	seen := map[string]string{build(t, base).Digest: "nothing"}
	for name, change := range map[string]func(*Go){
		"platform": func(g *Go) { g.Platform = "linux/amd64" },
		"tag":      func(g *Go) { g.BuildTags = []string{"special"} },
		"ldflags":  func(g *Go) { g.LDFlags = "-X main.version=1.2.3" },
		"label":    func(g *Go) { g.Labels = map[string]string{"a": "b"} },
		"env":      func(g *Go) { g.Env = map[string]string{"a": "b"} },
		"name":     func(g *Go) { g.Name = "two" },
		"sources": func(g *Go) {
			write(t, g.Dir, map[string]string{"agents/one/main.go": "package main\n\nfunc main() { println(\"two\") }\n"})
		},
	} {
		g := base
		change(&g)
		digest := build(t, g).Digest
		if other, ok := seen[digest]; ok {
			t.Errorf("%s changes no more than %s", name, other)
		}
		seen[digest] = name
		write(t, base.Dir, module())
	}
	if again := build(t, base); seen[again.Digest] != "nothing" {
		t.Error("a change back gives another digest")
	}
}

func TestGoConfig(t *testing.T) {
	t.Parallel()
	g := sample(t)
	g.Name = "agent-1"
	g.Labels = map[string]string{"team": "x $(y) \"z\"\n"}
	g.Env = map[string]string{"B": "two words", "A": "1"}
	f := open(t, build(t, g))
	config, err := f.ConfigFile()
	must(t, err)
	layers := len(config.RootFS.DiffIDs)
	config.RootFS = v1.RootFS{}
	epoch := v1.Time{Time: time.Unix(0, 0).UTC()}
	want := &v1.ConfigFile{
		Architecture: "arm64", OS: "linux", Created: epoch,
		Config: v1.Config{
			User: "65532:65532", Entrypoint: []string{"/app/agent-1"}, Env: []string{"A=1", "B=two words"},
			Labels: g.Labels, WorkingDir: "/",
		},
		History: []v1.History{
			{Created: epoch, CreatedBy: "aegis: root certificates, /tmp"}, {Created: epoch, CreatedBy: "aegis: go build"},
		},
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Error(diff)
	}
	if layers != 2 {
		t.Errorf("%d layers", layers)
	}
	m, err := f.Manifest()
	must(t, err)
	if m.MediaType != "application/vnd.oci.image.manifest.v1+json" || m.Config.MediaType != "application/vnd.oci.image.config.v1+json" ||
		m.Layers[0].MediaType != "application/vnd.oci.image.layer.v1.tar+gzip" || len(m.Annotations) > 0 {
		t.Errorf("%+v", m)
	}
}

// TestGoLayers reads what is in the image.
func TestGoLayers(t *testing.T) {
	t.Parallel()
	b := build(t, sample(t))
	f := open(t, b)
	layers, err := f.Layers()
	must(t, err)
	var list []string
	var size int64
	content := map[string][]byte{}
	for i, l := range layers {
		r, err := l.Uncompressed()
		must(t, err)
		for tr := tar.NewReader(r); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			list = append(list, strings.Join([]string{h.FileInfo().Mode().String(), h.Name}, " "))
			if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(time.Unix(0, 0)) {
				t.Errorf("%s: %+v", h.Name, h)
			}
			content[h.Name], err = io.ReadAll(tr)
			must(t, err)
		}
		// The digest that the configuration names must be that of the content.
		config, err := f.ConfigFile()
		must(t, err)
		if diffID, err := l.DiffID(); err != nil || config.RootFS.DiffIDs[i] != diffID {
			t.Errorf("layer %d: DiffID %v, %v", i, diffID, err)
		}
		n, err := l.Size()
		must(t, err)
		size += n
	}
	want := []string{
		"drwxr-xr-x etc/", "drwxr-xr-x etc/ssl/", "drwxr-xr-x etc/ssl/certs/", "-rw-r--r-- etc/ssl/certs/ca-certificates.crt",
		"dtrwxrwxrwx tmp/", "drwxr-xr-x app/", "-rwxr-xr-x app/one",
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	if !bytes.HasPrefix(content["app/one"], []byte("\x7fELF")) {
		t.Error("the program is no program")
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content["etc/ssl/certs/ca-certificates.crt"]) {
		t.Error("no root certificates")
	}
	amazon := false
	n := 0
	for rest := content["etc/ssl/certs/ca-certificates.crt"]; ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		must(t, err)
		amazon = amazon || c.Subject.CommonName == "Amazon Root CA 1"
	}
	if n < 100 || !amazon {
		t.Errorf("%d root certificates, Amazon's among them: %v", n, amazon)
	}
	if b.Size <= size || b.Size > size+2000 {
		t.Errorf("Size = %d, layers %d", b.Size, size)
	}
}

// TestLayerBytes notices when the compressor, which go.mod pins, or the Go release
// gives other bytes: every image would have another digest. If that is intended,
// change formatVersion too.
func TestLayerBytes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. 0123456789\n", 4000)
	l, err := makeLayer(
		entry{name: "app/", mode: 0o755},
		entry{name: "app/x", mode: 0o755, size: int64(len(text)), content: strings.NewReader(text)},
	)
	must(t, err)
	const want = "67b88b11e82355337e87386789bc80580e61efa580a9788f797d1174ae98c5f2"
	if got := fmt.Sprintf("%x", sha256.Sum256(l.Data)); got != want {
		t.Errorf("the layer is %s, want %s", got, want)
	}
}

// TestGoSize is the promise of the README: a small agent that serves HTTP is an
// image of less than 12 MB.
func TestGoSize(t *testing.T) {
	t.Parallel()
	dir := write(t, t.TempDir(), map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n",
		"main.go": `package main

import ("encoding/json"; "log/slog"; "net/http")

func main() {
	http.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode("ok") })
	slog.Error("stopped", "error", http.ListenAndServe(":8080", nil))
}
`,
	})
	b := build(t, Go{Dir: dir, Package: ".", Platform: "linux/amd64", Name: "agent"})
	t.Logf("%.1f MB", float64(b.Size)/1e6)
	if b.Size > 12e6 {
		t.Errorf("an image of a small agent is %.1f MB", float64(b.Size)/1e6)
	}
}

// TestGoCache checks that an unchanged image is not made again, and that a damaged
// one is.
func TestGoCache(t *testing.T) {
	t.Setenv("AEGIS_CACHE_DIR", t.TempDir())
	g := sample(t)
	first := build(t, g)
	before, err := os.Stat(first.Layout)
	must(t, err)
	if second := build(t, g); *second != *first {
		t.Errorf("%+v, then %+v", first, second)
	}
	after, err := os.Stat(first.Layout)
	must(t, err)
	if !os.SameFile(before, after) {
		t.Error("an unchanged image was written again")
	}
	must(t, os.WriteFile(first.Layout, []byte("damaged"), 0o644))
	if third := build(t, g); *third != *first {
		t.Errorf("%+v, then %+v", first, third)
	}
	open(t, first)
}

func TestGoErrors(t *testing.T) {
	t.Parallel()
	base := sample(t)
	for name, tc := range map[string]struct {
		change func(*Go)
		want   string
	}{
		"platform": {func(g *Go) { g.Platform = "windows/amd64" }, `Platform: must be "linux/amd64" or "linux/arm64", got "windows/amd64"`},
		"name": {
			func(g *Go) { g.Name = "a b" },
			`Name: must be a file name of at most 64 letters, digits, ".", "_" and "-", got "a b"`,
		},
		"env": {func(g *Go) { g.Env = map[string]string{"A=B": "", "B": "\x00"} }, `Env: must have names without "=" and no NUL, got "A=B"
Env: must have names without "=" and no NUL, got "B"`},
		"package":  {func(g *Go) { g.Package = "" }, `Package: must name a main package such as "./cmd/handler", got ""`},
		"not main": {func(g *Go) { g.Package = "./lib" }, `package "./lib" must be package main to be an agent, got package lib (example.com/m/lib)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := base
			tc.change(&g)
			_, err := g.Build(context.Background())
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

// BenchmarkLayer is where the level of compression comes from.
func BenchmarkLayer(b *testing.B) {
	path, err := os.Executable()
	must(b, err)
	info, err := os.Stat(path)
	must(b, err)
	b.SetBytes(info.Size())
	for b.Loop() {
		l, err := programLayer(path, "agent", info.Size())
		must(b, err)
		b.ReportMetric(float64(len(l.Data))/1e6, "MB")
	}
}
