package lambda

import (
	"context"
	"encoding/hex"
	"os"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/packaging"
)

// Code is what a function runs: Directory, ZipFile, S3Object, GoPackage or Image.
type Code interface {
	// prepare checks the code against the function's other props and makes the
	// package, if it has one. The problems it finds are recorded; the result is
	// never nil.
	prepare(p *check.Problems, f settings) prepared
}

// prepared is code that is ready to be written into the function's resource.
type prepared struct {
	pkg   *packaging.Package // the zip to upload, nil for S3Object and Image
	s3    *S3Object
	image *Image
}

// digest is the package's SHA-256 in hex.
func (c prepared) digest() string { return hex.EncodeToString(c.pkg.SHA256[:]) }

// Directory is a folder whose files are packaged at synth into a zip that has
// the same bytes on every machine: sorted names, fixed times, modes 0644 and
// 0755. A file .lambdaignore in it adds excludes.
type Directory struct {
	// Path is the folder, relative to the working directory. Required.
	Path string
	// Exclude are globs of what stays out. A pattern without a slash matches at
	// any depth, "!" takes back in. An empty list leaves nothing out.
	// Default: DefaultExcludes.
	Exclude []string
}

// ZipFile is an existing package.
type ZipFile struct {
	// Path is the zip, relative to the working directory. Required.
	Path string
}

// S3Object is a package in a bucket.
type S3Object struct {
	// Bucket and Key name the object. Required.
	Bucket, Key *string
	// Version is the object's version in a versioned bucket. Default: the newest.
	Version *string
	// SourceCodeHash is the base64 SHA-256 of the package; without it or a
	// Version, Terraform does not see that the object changed. Default: none.
	SourceCodeHash *string
}

// GoPackage is a Go main package that is compiled at synth for the function's
// architecture: static, trimmed of paths, for the runtime provided.al2023.
// The same source gives the same bytes on every machine with the same Go.
type GoPackage struct {
	// Path is the package as go build takes it: "./cmd/orders". Required.
	Path string
	// Dir is the folder that go runs in. Default: the working directory.
	Dir string
	// BuildTags are passed to go build. Default: none.
	BuildTags []string
	// LDFlags are passed to the linker after "-s -w". Default: none.
	LDFlags string
}

// Image is a container image in ECR. Handler, Runtime and Layers are refused.
type Image struct {
	// URI is the image; with a digest ("…@sha256:…") the function changes when
	// the image does. Required.
	URI *string
	// Platform is what the image was built for, linux/amd64 or linux/arm64,
	// which has to be the function's Architecture. Default: not checked.
	Platform string
	// Command, EntryPoint (up to 1500 items each) and WorkingDirectory (up to
	// 1000 characters) replace those of the image. Default: the image's.
	Command, EntryPoint []string
	WorkingDirectory    string
}

// DefaultExcludes are what Directory leaves out when it names nothing itself:
// version control, virtual environments and caches, tests, Terraform's and
// cdktf's own folders.
func DefaultExcludes() []string { return packaging.DefaultExcludes() }

func (c Directory) prepare(p *check.Problems, f settings) prepared {
	if !p.Required("Code.Path", c.Path) {
		return prepared{}
	}
	if err := packaging.ValidateExcludes(c.Exclude); err != nil {
		p.Addf("Code.Exclude", "must be valid globs, got %v", err)
		return prepared{}
	}
	pkg, err := packaging.FromDirectory(context.Background(), packaging.DirectoryOptions{
		Path: c.Path, Name: f.name, Excludes: c.Exclude,
	})
	return f.checkZip(p, pkg, err)
}

func (c ZipFile) prepare(p *check.Problems, f settings) prepared {
	if !p.Required("Code.Path", c.Path) {
		return prepared{}
	}
	pkg, err := packaging.FromZip(context.Background(), c.Path)
	return f.checkZip(p, pkg, err)
}

func (c GoPackage) prepare(p *check.Problems, f settings) prepared {
	arch, known := goArch[f.architecture]
	if !p.Required("Code.Path", c.Path) || !known {
		return prepared{}
	}
	pkg, err := packaging.FromGo(context.Background(), packaging.GoOptions{
		Dir: c.Dir, Package: c.Path, Arch: arch, Tags: c.BuildTags, LDFlags: c.LDFlags,
		Name: f.name, Progress: os.Stderr,
	})
	return f.checkZip(p, pkg, err)
}

var goArch = map[Architecture]string{X8664: "amd64", ARM64: "arm64"}

func (c S3Object) prepare(p *check.Problems, f settings) prepared {
	p.RequiredValue("Code.Bucket", c.Bucket)
	p.RequiredValue("Code.Key", c.Key)
	if f.bucket != nil {
		p.Addf("CodeBucket", "must not be set for code that is in S3 already, got %q", *f.bucket)
	}
	return prepared{s3: &c}
}

// imageLimits are those of the API.
// https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html
const (
	maxImageWords   = 1500
	maxImageWorkdir = 1000
)

var platformOf = map[Architecture]string{X8664: "linux/amd64", ARM64: "linux/arm64"}

func (c Image) prepare(p *check.Problems, f settings) prepared {
	p.RequiredValue("Code.URI", c.URI)
	if want := platformOf[f.architecture]; c.Platform != "" && want != "" && c.Platform != want {
		p.Addf("Code.Platform", "must be %s, the platform of architecture %s, got %q", want, f.architecture, c.Platform)
	}
	for _, list := range []struct {
		field string
		words []string
	}{{"Code.Command", c.Command}, {"Code.EntryPoint", c.EntryPoint}} {
		if len(list.words) > maxImageWords {
			p.Addf(list.field, "must have at most %d items, got %d", maxImageWords, len(list.words))
		}
	}
	p.Length("Code.WorkingDirectory", c.WorkingDirectory, 0, maxImageWorkdir)
	if f.bucket != nil {
		p.Addf("CodeBucket", "must not be set for a container image, got %q", *f.bucket)
	}
	return prepared{image: &c}
}

// checkZip records what is wrong with a package that was made or read.
func (f settings) checkZip(p *check.Problems, pkg *packaging.Package, err error) prepared {
	if err != nil {
		p.Addf("Code", "must be a package that can be made, got %v", err)
		return prepared{}
	}
	if err := packaging.SizeProblem(pkg, f.bucket != nil); err != nil {
		p.Addf("Code", "%v", err)
	}
	if f.handler != "" && f.runtime != "" {
		if err := packaging.CheckHandler(pkg, string(f.runtime), f.handler); err != nil {
			p.Addf("Handler", "must name code in the package, got %v", err)
		}
	}
	f.checkMachine(p, pkg.Path)
	return prepared{pkg: pkg}
}
