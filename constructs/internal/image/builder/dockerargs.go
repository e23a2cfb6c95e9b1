package builder

import (
	"encoding/csv"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
)

// args are the arguments that build the image: with buildx, which also pushes it,
// or with the builder that every engine has. No value is a part of a larger
// argument except behind an "=", so none has to be quoted.
func (b *dockerBuilder) args(ref string, buildx *version) ([]string, error) {
	d := b.docker
	dir, err := filepath.Abs(d.Context)
	if err != nil {
		return nil, err
	}
	dockerfile, err := filepath.Abs(b.dockerfile())
	if err != nil {
		return nil, err
	}
	args := []string{"build"}
	if buildx != nil {
		// Plain progress: Terraform prints lines.
		args = []string{"buildx", "build", "--progress=plain", "--push"}
		// Flags that came with 0.10, as did what they turn off.
		// https://github.com/docker/buildx/releases/tag/v0.10.0
		if d.ForLambda && buildx.atLeast(0, 10) {
			args = append(args, "--provenance=false", "--sbom=false")
		}
	}
	args = append(args, "--file="+dockerfile, "--tag="+ref)
	if len(d.Platforms) > 0 {
		args = append(args, "--platform="+strings.Join(d.Platforms, ","))
	}
	if d.Target != "" {
		args = append(args, "--target="+d.Target)
	}
	for _, key := range slices.Sorted(maps.Keys(d.BuildArgs)) {
		args = append(args, "--build-arg="+key+"="+d.BuildArgs[key])
	}
	for _, key := range slices.Sorted(maps.Keys(d.Labels)) {
		args = append(args, "--label="+key+"="+d.Labels[key])
	}
	args = append(args, "--label="+hashLabel+"="+b.hash)
	for _, s := range d.Secrets {
		value, err := secretFlag(s)
		if err != nil {
			return nil, err
		}
		args = append(args, "--secret="+value)
	}
	for _, from := range d.CacheFrom {
		args = append(args, "--cache-from="+from)
	}
	for _, to := range d.CacheTo {
		args = append(args, "--cache-to="+to)
	}
	// An absolute path: not a flag, and not "-" or a URL, whatever its name is.
	return append(args, dir), nil
}

// secretFlag says where a secret is. The flag's value is one record of CSV, in
// which a name with a comma or a quote must be quoted.
// https://docs.docker.com/reference/cli/docker/buildx/build/#secret
func secretFlag(s content.Secret) (string, error) {
	source := "env=" + s.Env
	if s.Env == "" {
		file, err := filepath.Abs(s.File)
		if err != nil {
			return "", err
		}
		source = "src=" + file
	}
	var buf strings.Builder
	w := csv.NewWriter(&buf)
	if err := w.Write([]string{"id=" + s.ID, source}); err != nil {
		return "", err
	}
	w.Flush()
	return strings.TrimSuffix(buf.String(), "\n"), w.Error()
}
