package synthtest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// updateFlag makes Golden write its files. A test's own flag of that name serves
// as well.
const updateFlag = "update"

// addFlag defines the flag. It is not a package variable, so that a test that
// has one already can use this package.
func addFlag() {
	if flag.Lookup(updateFlag) == nil {
		flag.Bool(updateFlag, false, "write the golden files instead of comparing with them")
	}
}

func updating() bool {
	f := flag.Lookup(updateFlag)
	return f != nil && f.Value.String() == "true"
}

// Golden compares the stack with testdata/<name>.tf.json, normalised: what
// differs from machine to machine or with a tool's version is left out.
func (s *Template) Golden(name string) {
	s.t.Helper()
	GoldenText(s.t, name+".tf.json", s.Normalised())
}

// GoldenText compares text with testdata/<name>.
func GoldenText(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if updating() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-golden +got); go test -update writes the new one:\n%s", path, diff)
	}
}

var (
	assetHash   = regexp.MustCompile(`(assets/[^/"]+/)[0-9A-Fa-f]{32,64}/`)
	objectHash  = regexp.MustCompile(`/[0-9a-f]{64}\.zip`)
	contentHash = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	base64SHA   = regexp.MustCompile(`"[A-Za-z0-9+/]{43}="`)
	toolVersion = regexp.MustCompile(`("(?:version|required_version)": )"[0-9][^"]*"`)
)

// contentTag is how much of an image's hash its tag is.
const contentTag = 12

// Normalised is the stack's JSON with sorted keys and without construct
// metadata, absolute paths, tool versions and the hashes of packages and images.
func (s *Template) Normalised() []byte {
	s.t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(withoutComments(s.JSON)); err != nil {
		s.t.Fatal(err)
	}
	text := buf.Bytes()
	if cwd, err := os.Getwd(); err == nil {
		text = bytes.ReplaceAll(text, []byte(cwd), []byte("<dir>"))
	}
	text = assetHash.ReplaceAll(text, []byte("${1}<hash>/"))
	text = objectHash.ReplaceAll(text, []byte("/<hash>.zip"))
	// An image's hash, and the tag made from it, change with the release of Go.
	for _, hash := range contentHash.FindAll(text, -1) {
		hash, tag := bytes.Clone(hash), bytes.Clone(hash[:contentTag])
		text = bytes.ReplaceAll(text, hash, []byte("<content hash>"))
		text = bytes.ReplaceAll(text, tag, []byte("<content tag>"))
	}
	text = base64SHA.ReplaceAll(text, []byte(`"<sha256>"`))
	return toolVersion.ReplaceAll(text, []byte(`$1"<version>"`))
}

// withoutComments drops the "//" keys, in which cdktf keeps construct paths and
// its own version.
func withoutComments(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if key != "//" {
				out[key] = withoutComments(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = withoutComments(value)
		}
		return out
	default:
		return v
	}
}
