package lambda_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// asset returns the path of the one file that the stack carries, and checks its
// hash, which is that of Lambda's CodeSha256.
func asset(t *testing.T, s *synthtest.Template, path, hash any) string {
	t.Helper()
	name, _ := path.(string)
	if filepath.IsAbs(name) || !strings.HasPrefix(name, "assets/") {
		t.Errorf("path: got %q, want one below assets", name)
	}
	file := filepath.Join(s.Dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	equal(t, "hash", any(base64.StdEncoding.EncodeToString(sum[:])), hash)
	return file
}

func TestSourceCodeHash(t *testing.T) {
	fn := one(t, nil)
	body := fn.Only("aws_lambda_function")
	file := asset(t, fn, body["filename"], body["source_code_hash"])
	equal(t, "name", "orders.zip", filepath.Base(file))
	again := one(t, nil).Only("aws_lambda_function")
	equal(t, "path of the same package", body["filename"], again["filename"])
	changed := one(t, func(p *lambda.Props) {
		p.Code = lambda.Directory{Path: "testdata/python", Exclude: []string{"nothing"}}
	}).Only("aws_lambda_function")
	equal(t, "path of the same bytes", body["filename"], changed["filename"])
}

func TestZipFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "given.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if _, err := w.Create("main.py"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s := one(t, func(p *lambda.Props) { p.Code = lambda.ZipFile{Path: path} })
	body := s.Only("aws_lambda_function")
	got, err := os.ReadFile(asset(t, s, body["filename"], body["source_code_hash"]))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(want, got) {
		t.Error("the zip is not the one given")
	}
}

func TestCodeBucket(t *testing.T) {
	s := one(t, func(p *lambda.Props) { p.CodeBucket = new("packages") })
	fn, object := s.Only("aws_lambda_function"), s.Only("aws_s3_object")
	address := found(s, "aws_s3_object")[0]
	asset(t, s, object["source"], fn["source_code_hash"])
	key, _ := object["key"].(string)
	if !strings.HasPrefix(key, "lambda/orders/") || !strings.HasSuffix(key, ".zip") {
		t.Errorf("key: got %q", key)
	}
	equal(t, "bucket", any("packages"), object["bucket"])
	equal(t, "object's hash", fn["source_code_hash"], object["source_hash"])
	equal(t, "object's tags", any(map[string]any{"Name": "orders-code"}), object["tags"])
	equal(t, "function's bucket", any("${"+address+".bucket}"), fn["s3_bucket"])
	equal(t, "function's key", any("${"+address+".key}"), fn["s3_key"])
	equal(t, "function's file", nil, fn["filename"])
}

// TestCodeBucketTags: an object takes ten tags, the others fifty.
func TestCodeBucketTags(t *testing.T) {
	for _, n := range []int{9, 10} {
		tags := map[string]*string{}
		for i := range n {
			tags[strings.Repeat("t", i+1)] = new("x")
		}
		s := one(t, func(p *lambda.Props) { p.CodeBucket, p.Tags = new("packages"), tags })
		of := func(kind string) int {
			all, _ := s.Only(kind)["tags"].(map[string]any)
			return len(all)
		}
		equal(t, "object's tags", map[int]int{9: 10, 10: 0}[n], of("aws_s3_object"))
		equal(t, "function's tags", n+1, of("aws_lambda_function"))
	}
}

func TestS3Object(t *testing.T) {
	hash := strings.Repeat("a", 43) + "="
	s := one(t, func(p *lambda.Props) {
		p.Code = lambda.S3Object{Bucket: new("packages"), Key: new("orders.zip"), Version: new("7"), SourceCodeHash: &hash}
	})
	fn := s.Only("aws_lambda_function")
	for key, want := range map[string]any{
		"s3_bucket": "packages", "s3_key": "orders.zip", "s3_object_version": "7", "source_code_hash": hash, "filename": nil, "package_type": nil,
	} {
		equal(t, key, want, fn[key])
	}
	equal(t, "objects", 0, len(s.Resources("aws_s3_object")))
}

func TestImage(t *testing.T) {
	const uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:1"
	image := func(i lambda.Image) map[string]any {
		return one(t, func(p *lambda.Props) {
			i.URI = new(uri)
			p.Code, p.Handler, p.Runtime = i, "", ""
		}).Only("aws_lambda_function")
	}
	fn := image(lambda.Image{})
	for key, want := range map[string]any{
		"package_type": "Image", "image_uri": uri, "image_config": nil, "handler": nil, "runtime": nil, "filename": nil, "source_code_hash": nil,
	} {
		equal(t, key, want, fn[key])
	}
	fn = image(lambda.Image{Command: []string{"serve"}, EntryPoint: []string{"/app", "-v"}, WorkingDirectory: "/srv", Platform: "linux/amd64"})
	equal(t, "image_config", any(map[string]any{
		"command": []any{"serve"}, "entry_point": []any{"/app", "-v"}, "working_directory": "/srv",
	}), fn["image_config"])
}

func TestGoPackage(t *testing.T) {
	for _, architecture := range []lambda.Architecture{"", lambda.ARM64} {
		t.Run(string(architecture), func(t *testing.T) {
			s := one(t, func(p *lambda.Props) {
				p.Code, p.Handler, p.Runtime = lambda.GoPackage{Path: ".", Dir: "testdata/gofunction"}, "", ""
				p.Architecture = architecture
			})
			fn := s.Only("aws_lambda_function")
			equal(t, "handler", any("bootstrap"), fn["handler"])
			equal(t, "runtime", any("provided.al2023"), fn["runtime"])
			archive, err := zip.OpenReader(asset(t, s, fn["filename"], fn["source_code_hash"]))
			if err != nil {
				t.Fatal(err)
			}
			defer archive.Close()
			equal(t, "files", 1, len(archive.File))
			equal(t, "name", "bootstrap", archive.File[0].Name)
			equal(t, "mode", os.FileMode(0o755), archive.File[0].Mode())
		})
	}
}
