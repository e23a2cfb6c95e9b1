package builder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	memory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
	"github.com/aegis-agents/aegis/constructs/internal/image/job"
	"github.com/aegis-agents/aegis/constructs/internal/image/layout"
)

// TestMain lets the test binary stand for two programs, by the name it is started
// with: docker, and the builder itself; and for the guard, which is the same program
// again.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == guardCommand {
		os.Exit(Main(os.Args[1:]))
	}
	switch filepath.Base(os.Args[0]) {
	case "docker", "podman":
		os.Exit(fakeDocker(os.Args[1:]))
	case "aegis-image":
		os.Exit(Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// linkTo makes a link to the test binary, under a name that TestMain knows.
func linkTo(t *testing.T, dir, name string) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	path := filepath.Join(dir, name)
	must(t, os.Symlink(self, path))
	return path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// fakeRegistry is a registry in memory.
type fakeRegistry struct {
	server *httptest.Server
	host   string

	mu     sync.Mutex
	writes []string // what changes the registry: "PUT /v2/…"
	// refuse answers instead of the registry when it returns true.
	refuse func(w http.ResponseWriter, r *http.Request) bool
}

func newRegistry(t *testing.T) *fakeRegistry {
	t.Helper()
	f := &fakeRegistry{}
	handler := memory.New(memory.Logger(log.New(io.Discard, "", 0)))
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			f.writes = append(f.writes, r.Method+" "+r.URL.Path)
		}
		refuse := f.refuse
		f.mu.Unlock()
		if refuse == nil || !refuse(w, r) {
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.server.Close)
	f.host = strings.TrimPrefix(f.server.URL, "http://")
	f.put(t, "agents/one", "seed", nil) // ECR's repositories exist before the first push
	return f
}

// written returns what was changed since the last call.
func (f *fakeRegistry) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.writes
	f.writes = nil
	return w
}

// deny refuses with an error of the distribution API.
func (f *fakeRegistry) deny(status int, code, message string, when func(r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" || !when(r) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
		return true
	}
}

// put puts an image with labels into the registry.
func (f *fakeRegistry) put(t *testing.T, repository, tag string, labels map[string]string) v1.Hash {
	t.Helper()
	img, err := mutate.Config(empty.Image, v1.Config{Labels: labels})
	must(t, err)
	ref, err := name.ParseReference(f.host + "/" + repository + ":" + tag)
	must(t, err)
	must(t, remote.Write(ref, img))
	f.written()
	digest, err := img.Digest()
	must(t, err)
	return digest
}

// digest returns the digest of a tag, or "".
func (f *fakeRegistry) digest(t *testing.T, repository, tag string) string {
	t.Helper()
	ref, err := name.ParseReference(f.host + "/" + repository + ":" + tag)
	must(t, err)
	d, err := remote.Head(ref)
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

// asECR is a transport that finds the registry behind ECR's names and asks for
// ECR's password.
func (f *fakeRegistry) asECR(t *testing.T) http.RoundTripper {
	t.Helper()
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if user, password, ok := r.BasicAuth(); !ok || user != "AWS" || password != ecrPassword {
			return &http.Response{
				StatusCode: http.StatusUnauthorized, Request: r, Body: io.NopCloser(strings.NewReader("")),
				Header: http.Header{"Www-Authenticate": {`Basic realm="https://ecr",service="ecr.amazonaws.com"`}},
			}, nil
		}
		to := r.Clone(r.Context())
		to.URL = &url.URL{Scheme: "http", Host: f.host, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		to.Host = ecrRegistry
		resp, err := http.DefaultTransport.RoundTrip(to)
		if resp != nil {
			resp.Request = r // so that a Location is on ECR's host too
		}
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// runJob runs the program in this process.
func runJob(t *testing.T, j job.Job, env map[string]string, transport http.RoundTripper) (out string, code int) {
	t.Helper()
	text, err := j.Encode()
	must(t, err)
	env[job.EnvJob] = text
	environ := os.Environ()
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	if transport == nil {
		transport = remote.DefaultTransport
	}
	var buf bytes.Buffer
	p := &program{
		out: &buf, environ: environ, transport: transport,
		getenv: func(name string) string {
			if value, ok := env[name]; ok {
				return value
			}
			return os.Getenv(name)
		},
	}
	code = p.main(context.Background(), []string{job.Command})
	return buf.String(), code
}

// layoutJob writes a small image and returns its job.
func layoutJob(t *testing.T) job.Job {
	t.Helper()
	const text = "one"
	diffID := sha256.Sum256([]byte(text))
	img, err := layout.Image{
		Config: v1.ConfigFile{Architecture: "arm64", OS: "linux"},
		Layers: []layout.Layer{{Data: []byte(text), DiffID: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(diffID[:])}}},
	}.Make()
	must(t, err)
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	must(t, err)
	must(t, img.Write(f))
	must(t, f.Close())
	return job.Job{Hash: img.Digest.Hex, Layout: &job.Layout{Path: path, Digest: img.Digest.String()}}
}

// dockerJob writes a context and returns its job.
func dockerJob(t *testing.T, change func(*content.Docker)) job.Job {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . /\n"), 0o644))
	d := &content.Docker{Context: dir}
	if change != nil {
		change(d)
	}
	in, err := d.Inspect(context.Background())
	must(t, err)
	return job.Job{Hash: in.Hash, Docker: d}
}
