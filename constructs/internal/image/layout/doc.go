// Package layout writes and reads one container image as one tar file in the OCI
// image layout.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
//
// The same image is always the same bytes. What must not live here: what is in an
// image, and registries.
package layout
