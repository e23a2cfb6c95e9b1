package agent

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/image"
)

// Source is what an image is made from: Dockerfile or GoPackage.
type Source interface {
	// prepare checks the source against the agent's other props and finds out what
	// is known of its image. The problems it finds are recorded.
	prepare(p *check.Problems, s settings) prepared
}

// Dockerfile is an image that Docker builds at apply. The hash of its content,
// made at synth, covers all that Docker would send: path, execute bit and bytes
// of each file that .dockerignore leaves, the Dockerfile, build arguments,
// target, platforms and labels; never the value of a secret.
type Dockerfile struct {
	// ContextDir is the folder that is sent to Docker, relative to the working
	// directory. Required.
	ContextDir string
	// Dockerfile is the file that says how to build, relative to ContextDir.
	// Default: "Dockerfile".
	Dockerfile string
	// DockerfileOutside allows a Dockerfile outside ContextDir. Default: refused.
	DockerfileOutside bool
	// BuildArgs are the values of the Dockerfile's ARG lines. Whoever can pull the
	// image can read them: what is secret belongs into Secrets. Default: none.
	BuildArgs map[string]string
	// Target is the stage to build. Default: the last.
	Target string
	// Labels are added to the image. Default: none.
	Labels map[string]string
	// Secrets can be mounted while building. Default: none.
	Secrets []Secret
	// CacheFrom and CacheTo are where layers are cached, in the words of docker
	// build: "type=registry,ref=…". Default: the builder's own cache.
	CacheFrom, CacheTo []string
	// Binary is the program that builds: docker, podman, finch, nerdctl or another
	// with the same commands. Default: "docker".
	Binary string
}

// Secret is a value that the build can read, by RUN --mount=type=secret,id=…, and
// that reaches neither the image nor Terraform's state. Exactly one of Env and
// File is set.
type Secret struct {
	// ID is the name in the Dockerfile. Required.
	ID string
	// Env is the environment variable that holds the value at apply.
	Env string
	// File is the file that holds the value at apply, relative to the working
	// directory.
	File string
}

// GoPackage is an image of a Go main package that is made at synth, without
// Docker: a static program, root certificates, an empty /tmp and a user that is
// not root, nothing else. The same source gives the same digest on every machine
// with the same Go, and the digest is known at synth.
type GoPackage struct {
	// Path is the package as go build takes it: "./agents/coordinator". Required.
	Path string
	// Dir is the folder that go runs in. Default: the working directory.
	Dir string
	// BuildTags are passed to go build. Default: none.
	BuildTags []string
	// LDFlags are passed to the linker after "-s -w". Default: none.
	LDFlags string
	// Labels are added to the image. Default: none.
	Labels map[string]string
	// Environment is that of the program. Whoever can pull the image can read it.
	// Default: none.
	Environment map[string]string
}

// plainSource is the source itself where a pointer to it was given; nil for a
// nil one: the interface is made for values, and takes pointers as well.
func plainSource(source Source) Source {
	switch s := source.(type) {
	case *Dockerfile:
		if s != nil {
			return *s
		}
	case *GoPackage:
		if s != nil {
			return *s
		}
	default:
		return source
	}
	return nil
}

// https://docs.docker.com/reference/dockerfile/#arg
var argumentName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (d Dockerfile) prepare(p *check.Problems, s settings) prepared {
	p = p.In("Source")
	readable := p.Known("ContextDir", d.ContextDir)
	readable = p.Known("Dockerfile", d.Dockerfile) && readable
	for _, name := range slices.Sorted(maps.Keys(d.BuildArgs)) {
		f := fmt.Sprintf("BuildArgs[%q]", name)
		p.Pattern(f, name, 1, maxLabel, argumentName, "letters, digits and _, not beginning with a digit")
		p.Known(f, d.BuildArgs[name])
	}
	p.Known("Target", d.Target)
	checkLabels(p, d.Labels)
	for i, secret := range d.Secrets {
		in := p.At("Secrets", i)
		in.Known("ID", secret.ID)
		in.Known("Env", secret.Env)
		in.Known("File", secret.File)
	}
	knownAll(p, "CacheFrom", d.CacheFrom)
	knownAll(p, "CacheTo", d.CacheTo)
	p.Known("Binary", d.Binary)
	if !readable {
		return prepared{}
	}
	docker := d.docker(s)
	found, err := docker.Inspect(context.Background())
	if err != nil {
		errorLines(p, err)
		return prepared{}
	}
	if file := s.folder.sent(d.ContextDir, found.ContextFiles); file != "" {
		p.Addf("ContextDir", "must not send the output of synth, which changes with every synth, got %q: name its folder in .dockerignore", file)
	}
	if filepath.IsAbs(docker.Dockerfile) {
		// The same in every checkout.
		if rel, err := filepath.Rel(actual(d.ContextDir), actual(found.Dockerfile)); err == nil {
			docker.Dockerfile = filepath.ToSlash(rel)
		}
	}
	docker.Context = ""
	for i, secret := range docker.Secrets {
		if secret.File != "" {
			docker.Secrets[i].File = s.folder.relative(secret.File)
		}
	}
	return prepared{hash: found.Hash, docker: &docker, context: s.folder.relative(d.ContextDir)}
}

func (d Dockerfile) docker(s settings) image.Docker {
	docker := image.Docker{
		Context: d.ContextDir, Dockerfile: d.Dockerfile, AllowOutside: d.DockerfileOutside,
		BuildArgs: d.BuildArgs, Target: d.Target, Labels: d.Labels,
		CacheFrom: d.CacheFrom, CacheTo: d.CacheTo, Binary: d.Binary,
		Platforms: words(s.platforms), ForLambda: s.forLambda,
	}
	for _, secret := range d.Secrets {
		docker.Secrets = append(docker.Secrets, image.Secret(secret))
	}
	return docker
}

func (g GoPackage) prepare(p *check.Problems, s settings) prepared {
	in := p.In("Source")
	before := len(p.List())
	if in.Required("Path", g.Path) {
		in.Known("Path", g.Path)
	}
	in.Known("Dir", g.Dir)
	knownAll(in, "BuildTags", g.BuildTags)
	in.Known("LDFlags", g.LDFlags)
	checkLabels(in, g.Labels)
	for _, name := range slices.Sorted(maps.Keys(g.Environment)) {
		f := fmt.Sprintf("Environment[%q]", name)
		in.Known(f, name+g.Environment[name])
	}
	if len(p.List()) > before || len(s.platforms) != 1 || !slices.Contains(platforms, s.platforms[0]) {
		return prepared{}
	}
	built, err := g.image(s.platforms[0]).Build(context.Background())
	if err != nil {
		errorLines(in, err)
		return prepared{}
	}
	return prepared{hash: built.Hash, digest: built.Digest, layout: built.Layout}
}

// maxLabel is enough for any name, and keeps an error short.
const maxLabel = 256

func checkLabels(p *check.Problems, labels map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		f := fmt.Sprintf("Labels[%q]", name)
		if name == "" {
			p.Addf(f, "must have a name, got nothing")
		}
		p.Known(f, name+labels[name])
	}
}

func knownAll(p *check.Problems, field string, list []string) {
	for i, s := range list {
		p.Known(fmt.Sprintf("%s[%d]", field, i), s)
	}
}
