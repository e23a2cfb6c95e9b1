package layout

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxJSON is the size of a manifest that every registry accepts.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
const maxJSON = 4 << 20

// File is an image in a tar file. Its layers are read from the file when they are
// needed.
type File struct {
	v1.Image

	f *os.File
}

// Close closes the file, after which the image's layers cannot be read.
func (f *File) Close() { _ = f.f.Close() } // nothing was written

// Open opens the tar file at path.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := read(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is not an image in the OCI layout: %w", path, err)
	}
	return file, nil
}

func read(f *os.File) (*File, error) {
	c := &core{blobs: map[string]*io.SectionReader{}}
	files := map[string]*io.SectionReader{}
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		// The reader does not read ahead: this is where the content begins.
		offset, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		files[h.Name] = io.NewSectionReader(f, offset, h.Size)
	}
	var index v1.IndexManifest
	if err := readJSON(files[indexName], indexName, &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) != 1 {
		return nil, fmt.Errorf("%s must name one image, got %d", indexName, len(index.Manifests))
	}
	c.digest = index.Manifests[0].Digest
	for name, r := range files {
		if len(name) > len(blobsDir) && name[:len(blobsDir)] == blobsDir {
			c.blobs["sha256:"+name[len(blobsDir):]] = r
		}
	}
	var err error
	if c.manifest, err = c.whole(c.digest); err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(c.manifest, &m); err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	c.mediaType, c.layers = m.MediaType, m.Layers
	if c.config, err = c.whole(m.Config.Digest); err != nil {
		return nil, err
	}
	for _, l := range m.Layers {
		if r := c.blobs[l.Digest.String()]; r == nil || r.Size() != l.Size {
			return nil, fmt.Errorf("the layer %s is missing or cut short", l.Digest)
		}
	}
	img, err := partial.CompressedToImage(c)
	if err != nil {
		return nil, err
	}
	return &File{img, f}, nil
}

func readJSON(r *io.SectionReader, name string, into any) error {
	if r == nil {
		return fmt.Errorf("%s is missing", name)
	}
	return json.NewDecoder(io.LimitReader(r, maxJSON)).Decode(into)
}

// core is what partial makes an image from.
type core struct {
	digest           v1.Hash
	manifest, config []byte
	mediaType        types.MediaType
	layers           []v1.Descriptor
	blobs            map[string]*io.SectionReader
}

// whole reads a small blob and checks its digest. A registry checks the layers
// when they are sent.
func (c *core) whole(digest v1.Hash) ([]byte, error) {
	r := c.blobs[digest.String()]
	if r == nil {
		return nil, fmt.Errorf("the blob %s is missing", digest)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxJSON))
	if err != nil {
		return nil, err
	}
	if d, err := describe(data, ""); err != nil || d.Digest != digest {
		return nil, fmt.Errorf("the blob %s is damaged", digest)
	}
	return data, nil
}

func (c *core) RawConfigFile() ([]byte, error)      { return c.config, nil }
func (c *core) RawManifest() ([]byte, error)        { return c.manifest, nil }
func (c *core) MediaType() (types.MediaType, error) { return c.mediaType, nil }
func (c *core) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range c.layers {
		if d.Digest == h {
			r := c.blobs[h.String()]
			return &layer{d, io.NewSectionReader(r, 0, r.Size())}, nil
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", h)
}

// layer is one layer in the file. Compressed can be called again when a push is
// tried again.
type layer struct {
	descriptor v1.Descriptor
	data       *io.SectionReader
}

func (l *layer) Digest() (v1.Hash, error)            { return l.descriptor.Digest, nil }
func (l *layer) Size() (int64, error)                { return l.descriptor.Size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l.data, 0, l.data.Size())), nil
}
