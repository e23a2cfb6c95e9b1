package image

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestGoPush builds an image and lets the compiled program push it, as synth and
// apply do.
func TestGoPush(t *testing.T) {
	var blobs, manifests atomic.Int64
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/"):
			manifests.Add(1)
		case r.Method != http.MethodHead && r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/blobs/"):
			blobs.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/agents/one"

	program, _, err := Program(t.Context(), runtime.GOOS, runtime.GOARCH)
	must(t, err)
	built := build(t, sample(t))
	push := func(change func(*Job)) string {
		t.Helper()
		j := Job{Hash: built.Hash, AdditionalTags: []string{"latest"}, Immutable: true, Layout: &Layout{Digest: built.Digest, Platform: "linux/arm64"}}
		change(&j)
		text, err := j.Encode()
		must(t, err)
		blobs.Store(0)
		manifests.Store(0)
		out, code := start(t, program, []string{
			EnvJob + "=" + text, EnvRepository + "=" + repository, EnvLayout + "=" + built.Layout,
			"PATH=" + t.TempDir(), // nothing else is needed: no Docker, no AWS CLI, no shell
			"DOCKER_CONFIG=" + t.TempDir(),
		}, Command)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, out)
		}
		return out
	}

	out := push(func(*Job) {})
	for _, want := range []string{
		"image " + repository + ":" + built.Hash[:12] + "\n", "content: 2 layers, ", ", made at synth for linux/arm64\n",
		"registry: no tag " + built.Hash[:12] + " yet\n", "push: " + built.Digest + "\n", "tagged: latest\n",
		"digest: " + built.Digest + "\n", "size: ", "done in ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	for _, tag := range []string{built.Hash[:12], "latest"} {
		ref, err := name.ParseReference(repository + ":" + tag)
		must(t, err)
		d, err := remote.Head(ref)
		must(t, err)
		if d.Digest.String() != built.Digest {
			t.Errorf("%s is %s, at synth it was %s", tag, d.Digest, built.Digest)
		}
	}
	if blobs.Load() == 0 || manifests.Load() != 2 {
		t.Errorf("%d requests for blobs, %d manifests", blobs.Load(), manifests.Load())
	}

	out = push(func(*Job) {})
	if !strings.Contains(out, "registry: has this image, nothing to build\n") || blobs.Load()+manifests.Load() != 0 {
		t.Errorf("the second push sends %d blobs and %d manifests:\n%s", blobs.Load(), manifests.Load(), out)
	}
	// A tag more, and a tag that moves: the layers are there.
	push(func(j *Job) { j.AdditionalTags = append(j.AdditionalTags, "stable") })
	if blobs.Load() != 0 || manifests.Load() != 1 {
		t.Errorf("another tag sends %d blobs and %d manifests", blobs.Load(), manifests.Load())
	}
	push(func(j *Job) { j.Tag, j.Immutable = "v1", false })
	if blobs.Load() != 0 || manifests.Load() != 1 {
		t.Errorf("the same image with another main tag sends %d blobs and %d manifests", blobs.Load(), manifests.Load())
	}

	// What was planned is what is pushed.
	other := sample(t)
	other.Name = "two"
	copied, err := os.ReadFile(build(t, other).Layout)
	must(t, err)
	path := filepath.Join(t.TempDir(), "image.tar")
	must(t, os.WriteFile(path, copied, 0o644))
	text, err := Job{Hash: built.Hash, Layout: &Layout{Digest: built.Digest}}.Encode()
	must(t, err)
	out, code := start(t, program, []string{EnvJob + "=" + text, EnvRepository + "=" + repository, EnvLayout + "=" + path}, Command)
	if code != 1 || !strings.Contains(out, ", planned was "+built.Digest+"\n  run synth again") {
		t.Errorf("exit %d: %s", code, out)
	}
}
