package layout

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Names in the tar file.
const (
	markerName = "oci-layout"
	indexName  = "index.json"
	blobsDir   = "blobs/sha256/"
)

const marker = `{"imageLayoutVersion":"1.0.0"}`

// Image is an image in memory.
type Image struct {
	Config v1.ConfigFile
	// Layers are compressed with gzip. RootFS of Config is made from them.
	Layers []Layer
}

// Layer is one compressed layer.
type Layer struct {
	Data []byte
	// DiffID is the digest of the layer's tar file before compression.
	DiffID v1.Hash
}

// Written is an image that is ready to be written.
type Written struct {
	// Digest is that of the manifest.
	Digest v1.Hash
	// Size is that of everything a registry stores: manifest, configuration, layers.
	Size int64

	blobs    [][]byte // the manifest first, then the configuration
	manifest v1.Descriptor
}

// Make puts the parts of an image together.
func (i Image) Make() (*Written, error) {
	config := i.Config
	config.RootFS = v1.RootFS{Type: "layers"}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	w := &Written{blobs: make([][]byte, 2, 2+len(i.Layers))}
	for _, l := range i.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.DiffID)
		d, err := describe(l.Data, types.OCILayer)
		if err != nil {
			return nil, err
		}
		m.Layers = append(m.Layers, d)
		w.blobs = append(w.blobs, l.Data)
	}
	var err error
	if w.blobs[1], err = json.Marshal(config); err != nil {
		return nil, err
	}
	if m.Config, err = describe(w.blobs[1], types.OCIConfigJSON); err != nil {
		return nil, err
	}
	if w.blobs[0], err = json.Marshal(m); err != nil {
		return nil, err
	}
	if w.manifest, err = describe(w.blobs[0], types.OCIManifestSchema1); err != nil {
		return nil, err
	}
	w.Digest = w.manifest.Digest
	w.manifest.Platform = config.Platform()
	for _, b := range w.blobs {
		w.Size += int64(len(b))
	}
	return w, nil
}

func describe(data []byte, mediaType types.MediaType) (v1.Descriptor, error) {
	hash, size, err := v1.SHA256(bytes.NewReader(data))
	return v1.Descriptor{MediaType: mediaType, Digest: hash, Size: size}, err
}

// Write writes the tar file.
func (w *Written) Write(out io.Writer) error {
	index, err := json.Marshal(v1.IndexManifest{
		SchemaVersion: 2,
		MediaType:     types.OCIImageIndex,
		Manifests:     []v1.Descriptor{w.manifest},
	})
	if err != nil {
		return err
	}
	tw := tar.NewWriter(out)
	if err := add(tw, markerName, []byte(marker)); err != nil {
		return err
	}
	if err := add(tw, indexName, index); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, b := range w.blobs {
		d, err := describe(b, "")
		if err != nil {
			return err
		}
		if name := blobsDir + d.Digest.Hex; !seen[name] {
			seen[name] = true
			if err := add(tw, name, b); err != nil {
				return err
			}
		}
	}
	return tw.Close()
}

func add(tw *tar.Writer, name string, data []byte) error {
	h := &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     name,
		Size:     int64(len(data)),
		Mode:     0o644,
		ModTime:  time.Unix(0, 0),
		Format:   tar.FormatUSTAR,
	}
	if err := tw.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err := tw.Write(data)
	return err
}
