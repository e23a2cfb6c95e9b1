package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
)

// hashLabel is the label of an image's configuration that says what the image was
// built from. A tag that moves is compared by it.
const hashLabel = "aegis.content-hash"

// dockerBuilder builds with Docker, or with a program that has its commands.
type dockerBuilder struct {
	program *program
	docker  content.Docker
	hash    string
}

// Check hashes the sources again: what is built must be what was planned.
func (b *dockerBuilder) Check(ctx context.Context) (string, error) {
	in, err := b.docker.Inspect(ctx)
	if err != nil {
		return "", fmt.Errorf("the sources cannot be built:\n%w", err)
	}
	if in.Hash != b.hash {
		return "", &failure{
			reason: fmt.Sprintf("the sources in %s are not those that were planned: their hash is %s, planned was %s", b.docker.Context, in.Hash, b.hash),
			remedy: "run synth again, then plan and apply",
		}
	}
	return fmt.Sprintf("context: %d files, %s", in.Files, bytesText(in.Bytes)), nil
}

// Compare compares the label.
func (b *dockerBuilder) Compare(found *remote.Descriptor) (likeness, error) {
	images, err := imagesOf(found)
	if err != nil {
		return unknown, err
	}
	if len(images) == 0 {
		return unknown, nil
	}
	config, err := images[0].ConfigFile()
	if err != nil {
		return unknown, err
	}
	switch config.Config.Labels[hashLabel] {
	case b.hash:
		return same, nil
	case "":
		return unknown, nil
	}
	return different, nil
}

// Push builds and pushes.
func (b *dockerBuilder) Push(ctx context.Context, to *registry, tag string) (err error) {
	e := &engine{program: b.program, binary: b.docker.Binary}
	if e.binary == "" {
		e.binary = "docker"
	}
	if e.path, err = exec.LookPath(e.binary); err != nil {
		return &failure{
			reason: e.binary + " was not found in PATH",
			remedy: "install it (https://docs.docker.com/engine/install/), or set the binary to one that is there, such as podman or finch; " +
				"an agent that is a Go program can be built without it",
		}
	}
	if err := b.secretsThere(); err != nil {
		return err
	}
	dir, remove, err := e.isolate(to)
	if err != nil {
		return err
	}
	defer remove()
	e.config = dir
	e.guard = startGuard(dir)
	defer e.guard.end()

	if err := e.ping(ctx); err != nil {
		return err
	}
	if err := e.login(ctx, to); err != nil {
		return err
	}
	e.buildx, err = e.findBuildx(ctx)
	if err != nil {
		return err
	}
	if e.buildx == nil && len(b.docker.Platforms) > 1 {
		return &failure{
			reason: "an image for " + strings.Join(b.docker.Platforms, " and ") + " needs docker buildx, which is not there",
			remedy: "install the buildx plugin (https://docs.docker.com/go/buildx/), or build for one platform",
		}
	}
	args, err := b.args(to.repository.Tag(tag).String(), e.buildx)
	if err != nil {
		return err
	}
	how := e.binary + " build, then push (there is no buildx)"
	if e.buildx != nil {
		how = e.binary + " buildx build"
	} else if ignore := b.ignoredIgnore(); ignore != "" {
		b.program.say("note: only buildx obeys %s, more is sent than was planned", ignore)
	}
	b.program.say("build: %s", how)
	if out, err := e.stream(ctx, args...); err != nil {
		return e.explain(ctx, "build", out, err, to)
	}
	if e.buildx != nil {
		return nil
	}
	b.program.say("push: %s", to.repository.Tag(tag))
	if out, err := e.stream(ctx, "push", to.repository.Tag(tag).String()); err != nil {
		return e.explain(ctx, "push", out, err, to)
	}
	return nil
}

// ignoredIgnore returns the name of an ignore file that the old builder does not
// know, or "".
func (b *dockerBuilder) ignoredIgnore() string {
	name := b.dockerfile() + ".dockerignore"
	if _, err := os.Stat(name); err != nil {
		return ""
	}
	return filepath.Base(name)
}

// dockerfile is the path of the Dockerfile.
func (b *dockerBuilder) dockerfile() string {
	name := b.docker.Dockerfile
	if name == "" {
		name = "Dockerfile"
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(b.docker.Context, filepath.FromSlash(name))
}

// secretsThere checks that the values can be had, before minutes of building.
func (b *dockerBuilder) secretsThere() error {
	var errs []error
	for _, s := range b.docker.Secrets {
		if s.Env != "" {
			if b.program.getenv(s.Env) == "" {
				errs = append(errs, &failure{
					reason: fmt.Sprintf("the secret %q has no value: the environment variable %s is not set", s.ID, s.Env),
					remedy: "set it for terraform apply",
				})
			}
		} else if info, err := os.Stat(s.File); err != nil || !info.Mode().IsRegular() {
			errs = append(errs, &failure{
				reason: fmt.Sprintf("the secret %q has no value: there is no file %s", s.ID, s.File),
				remedy: "put it there for terraform apply",
			})
		}
	}
	return errors.Join(errs...)
}
