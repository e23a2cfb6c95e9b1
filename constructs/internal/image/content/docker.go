package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Docker is an image that is built from a Dockerfile.
type Docker struct {
	// Context is the directory that is sent to the engine. Required.
	Context string `json:"context,omitempty"`
	// Dockerfile is relative to Context. Default: "Dockerfile".
	Dockerfile string `json:"dockerfile,omitempty"`
	// BuildArgs are the values of the Dockerfile's ARG lines. They can be read in
	// the image's history: secrets belong into Secrets.
	BuildArgs map[string]string `json:"buildArgs,omitempty"`
	// Target is the stage to build. Default: the last one.
	Target string `json:"target,omitempty"`
	// Platforms are such as "linux/arm64". Default: the engine's own.
	Platforms []string `json:"platforms,omitempty"`
	// Labels are added to the image's configuration.
	Labels map[string]string `json:"labels,omitempty"`
	// Secrets can be mounted by RUN --mount=type=secret,id=….
	Secrets []Secret `json:"secrets,omitempty"`
	// CacheFrom and CacheTo are in the words of docker build's flags.
	CacheFrom []string `json:"cacheFrom,omitempty"`
	CacheTo   []string `json:"cacheTo,omitempty"`
	// Binary is docker or a program with the same commands. Default: "docker".
	Binary string `json:"binary,omitempty"`
	// ForLambda leaves out the attestations, with which Lambda does not accept an
	// image.
	ForLambda bool `json:"forLambda,omitempty"`
	// AllowOutside allows a Dockerfile outside Context.
	AllowOutside bool `json:"allowOutside,omitempty"`
}

// Secret is a value that the build can read and that is in no layer. The value
// itself is never hashed, stored or put on a command line.
type Secret struct {
	// ID is the name in the Dockerfile. Required.
	ID string `json:"id"`
	// Env is the environment variable with the value, at apply.
	Env string `json:"env,omitempty"`
	// File is the file with the value, at apply. Exactly one of Env and File.
	File string `json:"file,omitempty"`
}

// Inspection is what is known about a build before it runs.
type Inspection struct {
	// Hash is a SHA-256 in hexadecimal.
	Hash string
	// Files and Bytes say how much is sent to the engine.
	Files int
	Bytes int64
	// ContextFiles are the paths of the files and links that are sent, relative to
	// the context, with slashes, sorted.
	ContextFiles []string
	// Dockerfile is the absolute path of the Dockerfile.
	Dockerfile string
}

// defaultDockerfile is docker's own.
const defaultDockerfile = "Dockerfile"

// Inspect reads what the build would send. The error names everything that is
// wrong, one line for each: "Field: must …, got …".
func (d Docker) Inspect(ctx context.Context) (Inspection, error) {
	var errs []error
	root, err := contextDir(d.Context)
	if err != nil {
		return Inspection{}, errors.Join(err, d.checkSecrets())
	}
	s, err := d.sources(root)
	errs = append(errs, err)
	var fs files
	if s.ignore != nil {
		var problems problems
		fs, problems = walk(ctx, root, s.ignore)
		problems = append(problems, fs.digest(ctx, root, os.Open)...)
		errs = append(errs, problems.err())
	}
	errs = append(errs, d.checkSecrets())
	if err := ctx.Err(); err != nil {
		return Inspection{}, err
	}
	if err := errors.Join(errs...); err != nil {
		return Inspection{}, err
	}
	in := Inspection{Hash: d.hash(fs, s.text), Files: len(fs), Dockerfile: s.dockerfile}
	for _, f := range fs {
		in.Bytes += f.size
		in.ContextFiles = append(in.ContextFiles, f.name)
	}
	return in, nil
}

// checkSecrets checks that it is clear where each secret comes from.
func (d Docker) checkSecrets() error {
	var errs []error
	seen := map[string]bool{}
	for i, s := range d.Secrets {
		switch {
		case s.ID == "":
			errs = append(errs, fmt.Errorf(`Secrets[%d].ID: must be the id that the Dockerfile mounts, got ""`, i))
		case seen[s.ID]:
			errs = append(errs, fmt.Errorf("Secrets[%d].ID: must be given once, got %q again", i, s.ID))
		}
		seen[s.ID] = true
		if s.Env != "" && s.File != "" {
			errs = append(errs, fmt.Errorf("Secrets[%d]: must have one of Env and File, got both", i))
		} else if s.Env == "" && s.File == "" {
			errs = append(errs, fmt.Errorf("Secrets[%d]: must have one of Env and File, got neither", i))
		}
	}
	return errors.Join(errs...)
}

// contextDir returns the absolute path of the context, with links resolved.
func contextDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New(`ContextDir: must name the directory to build from, got ""`)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("ContextDir: must be a directory that exists, got %q", dir)
	case err != nil:
		return "", fmt.Errorf("ContextDir: must be readable, got %q: %w", dir, cause(err))
	case !info.IsDir():
		return "", fmt.Errorf("ContextDir: must be a directory, got the %s %q", kind(info.Mode()), dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("ContextDir: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", fmt.Errorf("ContextDir: must be readable, got %q: %w", dir, cause(err))
	}
	return abs, nil
}

// sources are the two files which say how to build.
type sources struct {
	dockerfile string // absolute
	text       []byte
	ignore     *ignore
}

// sources reads the Dockerfile and the ignore file that goes with it. The ignore
// file is there even if the Dockerfile is not, so that the files can be checked.
func (d Docker) sources(root string) (sources, error) {
	name := d.Dockerfile
	if name == "" {
		name = defaultDockerfile
	}
	s := sources{dockerfile: name}
	if !filepath.IsAbs(name) {
		s.dockerfile = filepath.Join(root, filepath.FromSlash(name))
	}
	text, textErr := d.readDockerfile(root, s.dockerfile, name)
	s.text = text

	inside := ""
	if rel, err := filepath.Rel(root, s.dockerfile); err == nil && within(root, s.dockerfile) {
		inside = filepath.ToSlash(rel)
	}
	var err error
	s.ignore, err = readIgnore(root, s.dockerfile, inside)
	return s, errors.Join(textErr, err)
}

func (d Docker) readDockerfile(root, path, name string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("Dockerfile: must be a file that exists in %s, got %q", d.Context, name)
	case err != nil:
		return nil, fmt.Errorf("Dockerfile: must be readable, got %q: %w", name, cause(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("Dockerfile: must be a file, got the %s %q", kind(info.Mode()), name)
	}
	// A link inside to a file outside is outside: docker follows it.
	actual, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("Dockerfile: must be readable, got %q: %w", name, cause(err))
	}
	if !d.AllowOutside && (!within(root, path) || !within(root, actual)) {
		return nil, fmt.Errorf("Dockerfile: must be inside ContextDir unless that is allowed, got %q", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("Dockerfile: must be readable, got %q: %w", name, cause(err))
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, fmt.Errorf("Dockerfile: must not be empty, got %q", name)
	}
	return text, nil
}

// within reports whether target is dir or lies below it.
func within(dir, target string) bool {
	rel, err := filepath.Rel(dir, target)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
