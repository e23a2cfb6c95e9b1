package builder

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// sizeText is the size of what the registry stores for an image. It is for people:
// where it cannot be had, nothing is said.
func sizeText(d *remote.Descriptor) string {
	images, err := imagesOf(d)
	if err != nil || len(images) == 0 {
		return ""
	}
	var total int64
	for _, img := range images {
		m, err := img.Manifest()
		if err != nil {
			return ""
		}
		size, err := img.Size()
		if err != nil {
			return ""
		}
		total += size + m.Config.Size
		for _, l := range m.Layers {
			total += l.Size
		}
	}
	if len(images) > 1 {
		return fmt.Sprintf("%s, %d platforms", bytesText(total), len(images))
	}
	return bytesText(total)
}

// imagesOf returns the images behind a tag: one, or one for each platform.
// Attestations, whose platform is unknown/unknown, are no images.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
func imagesOf(d *remote.Descriptor) ([]v1.Image, error) {
	if !d.MediaType.IsIndex() {
		img, err := d.Image()
		return []v1.Image{img}, err
	}
	index, err := d.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var images []v1.Image
	for _, child := range m.Manifests {
		if !child.MediaType.IsImage() || (child.Platform != nil && child.Platform.OS == "unknown") {
			continue
		}
		img, err := index.Image(child.Digest)
		if err != nil {
			return nil, err
		}
		images = append(images, img)
	}
	return images, nil
}

// bytesText writes a size as registries do, in powers of ten.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
