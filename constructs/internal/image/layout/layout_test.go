package layout

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func layerOf(data string) Layer {
	sum := sha256.Sum256([]byte("uncompressed " + data))
	return Layer{Data: []byte(data), DiffID: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
}

func image(t *testing.T) (*Written, []byte) {
	t.Helper()
	w, err := Image{
		Config: v1.ConfigFile{Architecture: "arm64", OS: "linux", Config: v1.Config{User: "1:1"}},
		// The same layer twice is one blob.
		Layers: []Layer{layerOf("one"), layerOf("two"), layerOf("one")},
	}.Make()
	must(t, err)
	var buf bytes.Buffer
	must(t, w.Write(&buf))
	return w, buf.Bytes()
}

func save(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	must(t, os.WriteFile(path, data, 0o644))
	return path
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	w, data := image(t)
	f, err := Open(save(t, data))
	must(t, err)
	defer f.Close()
	digest, err := f.Digest()
	must(t, err)
	if digest != w.Digest {
		t.Errorf("%s, written was %s", digest, w.Digest)
	}
	config, err := f.ConfigFile()
	must(t, err)
	if config.Config.User != "1:1" || config.Architecture != "arm64" || len(config.RootFS.DiffIDs) != 3 || config.RootFS.Type != "layers" {
		t.Errorf("%+v", config)
	}
	layers, err := f.Layers()
	must(t, err)
	var text []string
	for _, l := range layers {
		// Twice, as when a push is tried again.
		for range 2 {
			r, err := l.Compressed()
			must(t, err)
			content, err := io.ReadAll(r)
			must(t, err)
			text = append(text, string(content))
		}
	}
	if got := strings.Join(text, " "); got != "one one two two one one" {
		t.Error(got)
	}
	_, again := image(t)
	if !bytes.Equal(data, again) {
		t.Error("the same image is other bytes")
	}
}

// TestBytes notices when the bytes change, and with them every digest.
func TestBytes(t *testing.T) {
	t.Parallel()
	w, data := image(t)
	sum := sha256.Sum256(data)
	if got, want := w.Digest.String(), "sha256:da693ecf9fdcf8ab8430dea1e983e4535bc3ec17a332c6bb4d256e9e6fb4d15f"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(sum[:]), "3a2c65e47102b40f04f6941254e00889e0606bc23cb3a4af239d96698dd70b60"; got != want {
		t.Errorf("the file is %s, want %s", got, want)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	_, data := image(t)
	// rewrite copies the tar file with changes; a nil content leaves a file out.
	rewrite := func(change func(name string, content []byte) []byte) []byte {
		var buf bytes.Buffer
		tw := tar.NewWriter(&buf)
		for tr := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			content, err := io.ReadAll(tr)
			must(t, err)
			if content = change(h.Name, content); content != nil {
				must(t, add(tw, h.Name, content))
			}
		}
		must(t, tw.Close())
		return buf.Bytes()
	}
	isLayer := func(content []byte) bool { return string(content) == "two" }
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"no tar file": {[]byte(strings.Repeat("x", 2000)), "archive/tar: invalid tar header"},
		"empty":       {nil, "index.json is missing"},
		"cut short":   {data[:2000], "is missing"},
		"no index": {rewrite(func(name string, content []byte) []byte {
			if name == indexName {
				return nil
			}
			return content
		}), "index.json is missing"},
		"two images": {rewrite(func(name string, content []byte) []byte {
			if name == indexName {
				return []byte(`{"manifests":[]}`)
			}
			return content
		}), "index.json must name one image, got 0"},
		"damaged manifest": {rewrite(func(_ string, content []byte) []byte {
			return bytes.Replace(content, []byte(`"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest`), []byte(`"schemaVersion":3,"mediaType":"application/vnd.oci.image.manifest`), 1)
		}), "is damaged"},
		"no layer": {rewrite(func(_ string, content []byte) []byte {
			if isLayer(content) {
				return nil
			}
			return content
		}), "is missing or cut short"},
		"short layer": {rewrite(func(_ string, content []byte) []byte {
			if isLayer(content) {
				return content[:1]
			}
			return content
		}), "is missing or cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := save(t, tc.data)
			_, err := Open(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+" is not an image in the OCI layout: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
