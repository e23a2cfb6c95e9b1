package lambda

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestS3Object(t *testing.T) {
	t.Parallel()
	hash := times("a+/9", 43) + "="
	for _, tc := range []struct {
		name   string
		code   S3Object
		bucket *string
		want   []string
	}{
		{name: "bucket and key", code: S3Object{Bucket: new("packages"), Key: new("a.zip")}},
		{name: "all", code: S3Object{Bucket: new("packages"), Key: new("a.zip"), Version: new("1"), SourceCodeHash: &hash}},
		{name: "nothing", want: []string{"Code.Bucket: must be set, got nothing", "Code.Key: must be set, got nothing"}},
		{name: "bucket of 3 and key of 1024 characters", code: S3Object{Bucket: new("abc"), Key: new(times("a", 1024))}},
		{
			name: "bucket of 2 and key of 1025 characters", code: S3Object{Bucket: new("ab"), Key: new(times("a", 1025))},
			want: []string{
				`Code.Bucket: must have 3 to 63 characters, got 2 in "ab"`,
				"Code.Key: must have 1 to 1024 characters, got 1025",
			},
		},
		{
			name: "dot at the bucket's end", code: S3Object{Bucket: new("packages."), Key: new("a")},
			want: []string{`Code.Bucket: must be the name of a bucket: letters, digits and ._-, got "packages."`},
		},
		{
			name: "hash in hex", code: S3Object{Bucket: new("packages"), Key: new("a"), SourceCodeHash: new(times("0a", 64))},
			want: []string{`Code.SourceCodeHash: must be a base64 SHA-256, got "` + times("0a", 64) + `"`},
		},
		{
			name: "and a bucket to upload to", code: S3Object{Bucket: new("packages"), Key: new("a")}, bucket: new("uploads"),
			want: []string{`CodeBucket: must not be set for code that is in S3 already, got "uploads"`},
		},
		{
			name: "and a bucket not known", code: S3Object{Bucket: new("packages"), Key: new("a")}, bucket: new(token),
			want: []string{"CodeBucket: must not be set for code that is in S3 already, got a Terraform token"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			made, got := prepare(t, tc.code, func(p *Props) { p.CodeBucket = tc.bucket })
			if diff := cmp.Diff(tc.want, got, emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if made.s3 == nil {
				t.Error("got no object")
			}
		})
	}
}

func TestImage(t *testing.T) {
	t.Parallel()
	const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a/b"
	const uri = "Code.URI: must be a registry, a repository and a tag or digest, got "
	words := func(n int) []string { return make([]string, n) }
	with := func(change func(i *Image)) Image {
		i := Image{URI: new(repository + ":1")}
		change(&i)
		return i
	}
	for _, tc := range []struct {
		name         string
		image        Image
		architecture Architecture
		bucket       *string
		want         []string
	}{
		{name: "tag", image: with(func(*Image) {})},
		{name: "digest", image: Image{URI: new(repository + "@sha256:" + times("0a", 64))}},
		{name: "tag and digest", image: Image{URI: new(repository + ":1@sha256:" + times("0a", 64))}},
		{name: "emulator's registry", image: Image{URI: new("localhost:4510/a:1")}},
		{name: "registry not known", image: Image{URI: new(token + "/a:1")}},
		{name: "nothing", want: []string{"Code.URI: must be set, got nothing"}},
		{name: "no registry", image: Image{URI: new("python:3.12")}, want: []string{uri + `"python:3.12"`}},
		{name: "no tag", image: Image{URI: new(repository)}, want: []string{uri + `"` + repository + `"`}},
		{name: "white space", image: Image{URI: new(repository + ":1 ")}, want: []string{uri + `"` + repository + `:1 "`}},

		{name: "platform of the default", image: with(func(i *Image) { i.Platform = "linux/amd64" })},
		{name: "platform of x86_64", image: with(func(i *Image) { i.Platform = "linux/amd64" }), architecture: X8664},
		{name: "platform of arm64", image: with(func(i *Image) { i.Platform = "linux/arm64" }), architecture: ARM64},
		{
			name: "platform of the other", image: with(func(i *Image) { i.Platform = "linux/arm64" }),
			want: []string{`Code.Platform: must be linux/amd64, the platform of architecture x86_64, got "linux/arm64"`},
		},
		{
			name: "platform of the default on arm64", image: with(func(i *Image) { i.Platform = "linux/amd64" }), architecture: ARM64,
			want: []string{`Code.Platform: must be linux/arm64, the platform of architecture arm64, got "linux/amd64"`},
		},
		{
			name: "platform of no function", image: with(func(i *Image) { i.Platform = "windows/amd64" }),
			want: []string{`Code.Platform: must be linux/amd64, the platform of architecture x86_64, got "windows/amd64"`},
		},

		{name: "1500 words", image: with(func(i *Image) { i.Command, i.EntryPoint = words(1500), words(1500) })},
		{
			name: "1501 words", image: with(func(i *Image) { i.Command, i.EntryPoint = words(1501), words(1501) }),
			want: []string{
				"Code.Command: must have at most 1500 items, got 1501",
				"Code.EntryPoint: must have at most 1500 items, got 1501",
			},
		},
		{name: "working directory of 1000 characters", image: with(func(i *Image) { i.WorkingDirectory = times("a", 1000) })},
		{
			name: "working directory of 1001 characters", image: with(func(i *Image) { i.WorkingDirectory = times("a", 1001) }),
			want: []string{"Code.WorkingDirectory: must have 0 to 1000 characters, got 1001"},
		},
		{
			name: "and a bucket to upload to", image: with(func(*Image) {}), bucket: new("uploads"),
			want: []string{`CodeBucket: must not be set for a container image, got "uploads"`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			made, got := prepare(t, tc.image, func(p *Props) { p.Architecture, p.CodeBucket = tc.architecture, tc.bucket })
			if diff := cmp.Diff(tc.want, got, emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
			if made.image == nil {
				t.Error("got no image")
			}
		})
	}
}

func TestPointersToCode(t *testing.T) {
	t.Parallel()
	var none *Image
	for _, tc := range []struct {
		name       string
		code, want Code
	}{
		{name: "directory", code: &Directory{Path: "a"}, want: Directory{Path: "a"}},
		{name: "zip", code: &ZipFile{Path: "a"}, want: ZipFile{Path: "a"}},
		{name: "object", code: &S3Object{Key: new("a")}, want: S3Object{Key: new("a")}},
		{name: "Go package", code: &GoPackage{Path: "a"}, want: GoPackage{Path: "a"}},
		{name: "image", code: &Image{URI: new("a")}, want: Image{URI: new("a")}},
		{name: "value", code: Image{URI: new("a")}, want: Image{URI: new("a")}},
		{name: "nil", code: none, want: nil},
		{name: "nothing", code: nil, want: nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, plainCode(tc.code)); diff != "" {
				t.Errorf("code (-want +got):\n%s", diff)
			}
		})
	}
}
