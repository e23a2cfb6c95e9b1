package image

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/aegis-agents/aegis/constructs/internal/image/layout"
	"github.com/aegis-agents/aegis/constructs/internal/packaging"
)

// user is who the program runs as: a number, because the image has no
// /etc/passwd and because orchestrators that refuse root cannot judge a name.
const user = "65532:65532"

// formatVersion is part of the key under which an image is stored: change it with
// anything below that changes an image's bytes.
const formatVersion = "aegis go image 1"

// Go is an image of a Go program, made without Docker: the program, root
// certificates, an empty /tmp, and nothing else. There is no shell and no time zone
// database; a program that needs the latter imports time/tzdata.
type Go struct {
	// Package is the main package, in go's words: "./agents/research". Required.
	Package string
	// Dir is the directory to run go in, inside the module. Default: ".".
	Dir string
	// BuildTags are passed to go build.
	BuildTags []string
	// LDFlags are added to "-s -w".
	LDFlags string
	// Platform is "linux/amd64" or "linux/arm64". Required.
	Platform string
	// Labels are added to the image's configuration.
	Labels map[string]string
	// Env is the program's environment. It can be read by who can pull the image.
	Env map[string]string
	// Name is the program's, which is started as /app/<Name>. Default: the last
	// element of the package's import path, as for go install.
	Name string
	// Progress gets a line when compiling takes longer than a second, and one when
	// it is done. Default: nil, nothing is written.
	Progress io.Writer
}

// Built is a finished image.
type Built struct {
	// Digest is that of the manifest, "sha256:…": the one the registry will have.
	Digest string
	// Layout is the absolute path of a tar file with the image in the OCI layout.
	Layout string
	// Size is what the registry stores, in bytes.
	Size int64
	// Hash is the digest's 64 hexadecimal digits.
	Hash string
}

// Build compiles the program and makes the image, or takes it from the cache. The
// same sources and toolchain give the same digest, whatever the directory, the
// user's go settings or the machine.
func (g Go) Build(ctx context.Context) (*Built, error) {
	recipe, err := g.recipe()
	if err != nil {
		return nil, err
	}
	return packaging.Make(ctx, recipe)
}

// StartGo begins what Build of the same images will be asked for, see
// [packaging.Start].
func StartGo(images ...Go) {
	var recipes []packaging.Recipe[*Built]
	for _, g := range images {
		if recipe, err := g.recipe(); err == nil {
			recipes = append(recipes, recipe)
		}
	}
	packaging.Start(recipes...)
}

func (g Go) recipe() (packaging.Recipe[*Built], error) {
	arch, err := g.check()
	if err != nil {
		return packaging.Recipe[*Built]{}, err
	}
	product, err := json.Marshal([]any{"image", g.Name, g.Labels, g.Env})
	return packaging.Recipe[*Built]{
		GoOptions: packaging.GoOptions{
			Dir: g.Dir, Package: g.Package, Arch: arch, Tags: g.BuildTags, LDFlags: g.LDFlags, Name: g.Name, Progress: g.Progress,
		},
		Purpose: "an agent",
		Product: string(product),
		Use: func(_ context.Context, p packaging.Program) (*Built, error) {
			return g.image(p, arch)
		},
	}, err
}

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,63}$`)

// check checks what packaging does not.
func (g Go) check() (arch string, err error) {
	var errs []error
	arch, ok := strings.CutPrefix(g.Platform, "linux/")
	if !ok || (arch != "amd64" && arch != "arm64") {
		errs = append(errs, fmt.Errorf(`Platform: must be "linux/amd64" or "linux/arm64", got %q`, g.Platform))
	}
	if g.Name != "" {
		errs = append(errs, checkName(g.Name))
	}
	for _, key := range slices.Sorted(maps.Keys(g.Env)) {
		if key == "" || strings.ContainsAny(key, "=\x00") || strings.Contains(g.Env[key], "\x00") {
			errs = append(errs, fmt.Errorf("Env: must have names without \"=\" and no NUL, got %q", key))
		}
	}
	return arch, errors.Join(errs...)
}

func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("Name: must be a file name of at most 64 letters, digits, \".\", \"_\" and \"-\", got %q", name)
	}
	return nil
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// defaultName is the name of a program that was built. It comes from the import
// path that go wrote into it: the folder of a package "." is called differently in
// every checkout.
func defaultName(program string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", err
	}
	dir, name := path.Split(info.Path)
	if dir != "" && majorVersion.MatchString(name) {
		name = path.Base(dir)
	}
	return name, checkName(name)
}

// config is the image's configuration.
func (g Go) config(arch string) v1.ConfigFile {
	var env []string
	for _, key := range slices.Sorted(maps.Keys(g.Env)) {
		env = append(env, key+"="+g.Env[key])
	}
	return v1.ConfigFile{
		Architecture: arch,
		OS:           "linux",
		Created:      v1.Time{Time: epoch},
		Config: v1.Config{
			User:       user,
			Entrypoint: []string{"/" + appDir + "/" + g.Name},
			Env:        env,
			Labels:     g.Labels,
			WorkingDir: "/",
		},
		History: []v1.History{
			{Created: v1.Time{Time: epoch}, CreatedBy: "aegis: root certificates, /tmp"},
			{Created: v1.Time{Time: epoch}, CreatedBy: "aegis: go build"},
		},
	}
}

// image makes the image with a program, or finds it in the cache.
func (g Go) image(p packaging.Program, arch string) (*Built, error) {
	if g.Name == "" {
		var err error
		if g.Name, err = defaultName(p.Path); err != nil {
			return nil, err
		}
	}
	base, err := baseLayer()
	if err != nil {
		return nil, err
	}
	config := g.config(arch)
	text, err := json.Marshal([]any{formatVersion, config, base.DiffID, p.Key})
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	kept, err := packaging.Keep(packaging.Images, hex.EncodeToString(key[:]), "image.tar", func(w io.Writer) error {
		program, err := programLayer(p.Path, g.Name, p.Size)
		if err != nil {
			return err
		}
		img, err := layout.Image{Config: config, Layers: []layout.Layer{base, program}}.Make()
		if err != nil {
			return err
		}
		return img.Write(w)
	})
	if err != nil {
		return nil, fmt.Errorf("image of %s: %w", g.Package, err)
	}
	f, err := layout.Open(kept.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	digest, err := f.Digest()
	if err != nil {
		return nil, err
	}
	m, err := f.Manifest()
	if err != nil {
		return nil, err
	}
	raw, err := f.RawManifest()
	if err != nil {
		return nil, err
	}
	b := &Built{Digest: digest.String(), Layout: kept.Path, Hash: digest.Hex, Size: int64(len(raw)) + m.Config.Size}
	for _, l := range m.Layers {
		b.Size += l.Size
	}
	return b, nil
}
