package lambda

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

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

// plainCode is the code itself where a pointer to it was given; nil for a nil one.
func plainCode(c Code) Code {
	switch c := c.(type) {
	case *Directory:
		return pointedAt[Code](c)
	case *ZipFile:
		return pointedAt[Code](c)
	case *S3Object:
		return pointedAt[Code](c)
	case *GoPackage:
		return pointedAt[Code](c)
	case *Image:
		return pointedAt[Code](c)
	default:
		return c
	}
}

func (c Directory) prepare(p *check.Problems, f settings) prepared {
	if !needsPath(p, c.Path) {
		return prepared{}
	}
	if err := packaging.ValidateExcludes(c.Exclude); err != nil {
		p.Addf("Code.Exclude", "must be globs, got an error: %v", err)
		return prepared{}
	}
	pkg, err := packaging.FromDirectory(context.Background(), packaging.DirectoryOptions{
		Path: c.Path, Name: f.zipName(), Excludes: c.Exclude,
	})
	made := f.checkZip(p, pkg, err)
	f.checkEntryPoint(p, pkg)
	return made
}

func (c ZipFile) prepare(p *check.Problems, f settings) prepared {
	if !needsPath(p, c.Path) {
		return prepared{}
	}
	pkg, err := packaging.FromZip(context.Background(), c.Path)
	made := f.checkZip(p, pkg, err)
	f.checkEntryPoint(p, pkg)
	return made
}

func (c GoPackage) prepare(p *check.Problems, f settings) prepared {
	arch, known := goArch[f.architecture]
	if !needsPath(p, c.Path) || !known {
		return prepared{}
	}
	o := c.options(arch)
	o.Name = f.zipName()
	pkg, err := packaging.FromGo(context.Background(), o)
	return f.checkZip(p, pkg, err)
}

var goArch = map[Architecture]string{X8664: "amd64", ARM64: "arm64"}

func (c S3Object) prepare(p *check.Problems, f settings) prepared {
	if p.RequiredValue("Code.Bucket", c.Bucket) {
		validateBucket(p, "Code.Bucket", c.Bucket)
	}
	if p.RequiredValue("Code.Key", c.Key) {
		p.Length("Code.Key", *c.Key, 1, maxObjectKey)
	}
	if hash, ok := check.Literal(c.SourceCodeHash); ok && !base64SHA256.MatchString(hash) {
		p.Addf("Code.SourceCodeHash", "must be a base64 SHA-256, got %q", hash)
	}
	if f.bucket != nil {
		p.Addf("CodeBucket", "must not be set for code that is in S3 already, got %s", check.Shown(f.bucket))
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
	if p.RequiredValue("Code.URI", c.URI) {
		if uri, ok := check.Literal(c.URI); ok && !imageURI.MatchString(uri) {
			p.Addf("Code.URI", "must be a registry, a repository and a tag or digest, got %q", uri)
		}
	}
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
		p.Addf("CodeBucket", "must not be set for a container image, got %s", check.Shown(f.bucket))
	}
	return prepared{image: &c}
}

func needsPath(p *check.Problems, path string) bool {
	return p.Required("Code.Path", path) && p.Known("Code.Path", path)
}

// zipName is what the package's file is called; a name with a mistake, which is
// reported, need not be the name of a file.
func (f settings) zipName() string {
	if len(f.name) > maxFunctionName || !functionName.MatchString(f.name) {
		return "code"
	}
	return f.name
}

// checkZip records what is wrong with a package that was made or read.
func (f settings) checkZip(p *check.Problems, pkg *packaging.Package, err error) prepared {
	if err != nil {
		p.Addf("Code", "must be a package that can be made, got an error: %v", err)
		return prepared{}
	}
	for _, err := range each(packaging.SizeProblem(pkg, f.bucket != nil)) {
		p.Addf("Code", "%v", err)
	}
	return prepared{pkg: pkg}
}

// each returns the errors that one error was joined from.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // only the outermost error is one
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// checkEntryPoint looks for the handler in a package that we did not compile
// ourselves. With layers it may be in one of them.
func (f settings) checkEntryPoint(p *check.Problems, pkg *packaging.Package) {
	if pkg == nil {
		return
	}
	if f.handler != "" && f.runtime != "" && !f.layered {
		if err := packaging.CheckHandler(pkg, string(f.runtime), f.handler); err != nil {
			why := ": " + err.Error()
			if rest, ok := strings.CutPrefix(err.Error(), fmt.Sprintf("handler %q ", f.handler)); ok {
				why = ", which " + rest
			}
			p.Addf("Handler", "must name code in the package, got %q%s", f.handler, why)
		}
	}
	if f.custom() {
		f.checkMachine(p, pkg.Path)
	}
}

// Limits of an S3 object's address, in Lambda's API, and what names an image.
// https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
const (
	minBucket    = 3
	maxBucket    = 63
	maxObjectKey = 1024
)

var (
	bucketName   = regexp.MustCompile(`^[0-9A-Za-z._-]*[0-9A-Za-z_-]$`)
	base64SHA256 = regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`)
	imageURI     = regexp.MustCompile(`^[^\s/]+[.:][^\s/]+/[^\s:@]+[:@]\S+$`)
)

func validateBucket(p *check.Problems, field string, bucket *string) {
	if name, ok := check.Literal(bucket); ok {
		p.Pattern(field, name, minBucket, maxBucket, bucketName, "the name of a bucket: letters, digits and ._-")
	}
}
