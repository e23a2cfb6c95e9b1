package lambda

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackageSize: the limits have their tests in constructs/internal/packaging;
// here is that a bucket lifts the one for the zip.
func TestPackageSize(t *testing.T) {
	t.Parallel()
	const over = 51 << 20
	path := filepath.Join(t.TempDir(), "large.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if _, err := w.Create("main.py"); err != nil {
		t.Fatal(err)
	}
	// Nothing reads what is said to be in a zip.
	entry, err := w.CreateRaw(&zip.FileHeader{Name: "data", Method: zip.Store, CompressedSize64: over, UncompressedSize64: over})
	if err == nil {
		_, err = entry.Write(make([]byte, over))
	}
	if err == nil {
		_, err = w.CreateRaw(&zip.FileHeader{Name: "more", Method: zip.Deflate, UncompressedSize64: 200 << 20})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, tc := range []struct {
		name   string
		bucket *string
		want   []string // what the lines begin with
	}{
		{name: "without a bucket", want: []string{
			"Code: must have at most 50 MiB zipped, got 51 MiB", "Code: must have at most 250 MiB unzipped, got 251 MiB",
		}},
		{name: "with a bucket", bucket: new("packages"), want: []string{"Code: must have at most 250 MiB unzipped, got 251 MiB"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, got := prepare(t, ZipFile{Path: path}, func(p *Props) { p.CodeBucket = tc.bucket })
			text := strings.Join(got, "\n")
			if strings.Count(text, "must have at most") != len(tc.want) {
				t.Errorf("got %s, want %d mistakes", text, len(tc.want))
			}
			for _, want := range tc.want {
				if !strings.Contains("\n"+text, "\n"+want) {
					t.Errorf("got %s, want a line that begins with %q", text, want)
				}
			}
		})
	}
}

func TestStackName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ function, want string }{
		{function: "orders", want: "orders-url-permission"},
		{function: "a_b", want: "fn-a-b-648fa9b3-url-permission"},
		{function: "a-b", want: "a-b-url-permission"},
		{function: "1a", want: "fn-1a-a73fcf33-url-permission"},
		{function: "___", want: "fn--bda25155-url-permission"},
		{function: times("a", 64), want: times("a", 64) + "-url-permission"},
	} {
		if got := stackName(tc.function); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.function, got, tc.want)
		}
	}
}
