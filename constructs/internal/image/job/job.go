package job

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
)

// Version is the version of the JSON text. A program of another version refuses
// it: program and text come from the same library, so a difference is a mistake.
const Version = 1

// ContentTagLength is how many digits of the hash the default tag has.
const ContentTagLength = 12

// maxLength is a little less than what Linux takes for one environment variable:
// 32 pages. https://man7.org/linux/man-pages/man2/execve.2.html
const maxLength = 128<<10 - 256

// Job is an image to push. Exactly one of Docker and Layout is given.
type Job struct {
	// Hash is the content's hash, 64 hexadecimal digits: Inspection.Hash or
	// Built.Hash.
	Hash string `json:"hash"`
	// Tag is what the image is pushed as. Default: the first twelve digits of Hash.
	Tag string `json:"tag"`
	// AdditionalTags are given to the same image.
	AdditionalTags []string `json:"additionalTags,omitempty"`
	// Immutable says that the repository does not let a tag move.
	Immutable bool `json:"immutable,omitempty"`
	// Force builds and pushes even if the registry has the image.
	Force bool `json:"force,omitempty"`
	// Docker builds with Docker.
	Docker *content.Docker `json:"docker,omitempty"`
	// Layout is an image that is there already.
	Layout *Layout `json:"layout,omitempty"`
}

// Layout is an image in a tar file in the OCI layout.
type Layout struct {
	// Path of the file. The variable AEGIS_IMAGE_LAYOUT goes before it.
	Path string `json:"path,omitempty"`
	// Digest is that of the manifest, "sha256:…".
	Digest string `json:"digest"`
	// Platform is such as "linux/arm64", for people.
	Platform string `json:"platform,omitempty"`
}

// wire is the JSON text.
type wire struct {
	Version int `json:"version"`
	Job
}

// Encode checks the job and returns its JSON text. It is one line and holds
// nothing that Terraform would take for a template.
func (j Job) Encode() (string, error) {
	if j.Tag == "" && len(j.Hash) >= ContentTagLength {
		j.Tag = j.Hash[:ContentTagLength]
	}
	if err := j.check(); err != nil {
		return "", err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(wire{Version, j}); err != nil {
		return "", err
	}
	// "${" and "%{" can only be inside a JSON string, where any character can be
	// written as its number.
	text := strings.NewReplacer("${", `\u0024{`, "%{", `\u0025{`).Replace(strings.TrimSpace(buf.String()))
	if len(text) > maxLength {
		return "", fmt.Errorf("BuildArgs, Labels: must make a build job of at most %d bytes, got %d", maxLength, len(text))
	}
	return text, nil
}

// Decode reads a job's JSON text. Nothing is guessed: an unknown field, a second
// value or another version is an error.
func Decode(text string) (Job, error) {
	var w wire
	// The version first: another version's fields would be the wrong complaint.
	var version struct{ Version *int }
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return Job{}, fmt.Errorf("the job is not the JSON text that synth writes: %w", err)
	}
	if version.Version == nil {
		return Job{}, errors.New("the job has no version")
	}
	if *version.Version != Version {
		return Job{}, fmt.Errorf("the job has version %d, this program reads version %d: synth again", *version.Version, Version)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return Job{}, fmt.Errorf("the job is not the JSON text that synth writes: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Job{}, errors.New("the job is not the JSON text that synth writes: there is something behind it")
	}
	return w.Job, w.check()
}

var (
	hashPattern   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
	tagPattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

func (j Job) check() error {
	var errs []error
	if !hashPattern.MatchString(j.Hash) {
		errs = append(errs, fmt.Errorf("hash: must be 64 hexadecimal digits, got %q", j.Hash))
	}
	for _, tag := range append([]string{j.Tag}, j.AdditionalTags...) {
		if !tagPattern.MatchString(tag) {
			errs = append(errs, fmt.Errorf("tag: must be a tag of at most 128 letters, digits, \".\", \"_\" and \"-\", got %q", tag))
		}
	}
	switch {
	case (j.Docker == nil) == (j.Layout == nil):
		errs = append(errs, errors.New("job: must have one of docker and layout"))
	case j.Layout != nil && !digestPattern.MatchString(j.Layout.Digest):
		errs = append(errs, fmt.Errorf("digest: must be \"sha256:\" and 64 hexadecimal digits, got %q", j.Layout.Digest))
	}
	return errors.Join(errs...)
}

// ContentTag reports whether the tag names the content, so that an image with
// this tag is the image asked for.
func (j Job) ContentTag() bool {
	return len(j.Tag) >= ContentTagLength && strings.HasPrefix(j.Hash, j.Tag)
}
