package packaging

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSizeProblem(t *testing.T) {
	t.Parallel()
	files := []File{
		{Name: "a", Size: 1023}, {Name: "b", Size: 1024}, {Name: "c", Size: 1536}, {Name: "d\n", Size: 200 << 20},
		{Name: "e", Size: 50<<20 + 1}, {Name: "f", Size: 1},
	}
	const list = `
  largest files:
      200 MiB  "d\n"
       50 MiB  e
      1.5 KiB  c
        1 KiB  b
       1023 B  a
`
	for _, tc := range []struct {
		name          string
		zip, unzipped int64
		bucket        bool
		want          string
	}{
		{"both at the limit", MaxZipped, MaxUnzipped, false, ""},
		{"zip of any size in a bucket", 10 * MaxZipped, MaxUnzipped, true, ""},
		{"zip one above", MaxZipped + 1, 1, false, "must have at most 50 MiB zipped, got 52428801 bytes (" + limitsPage + ")" + list +
			"  put the zip in a bucket with CodeBucket, leave files out with Exclude, or move dependencies to layers"},
		{"unzipped one above", 1, MaxUnzipped + 1, true, "must have at most 250 MiB unzipped, got 262144001 bytes (" + limitsPage + ")" + list +
			"  leave files out with Exclude or use a container image; layers count towards this limit too"},
		{"both", 60 << 20, 300<<20 + 1<<19, false, "must have at most 50 MiB zipped, got 60 MiB (" + limitsPage + ")" + list +
			"  put the zip in a bucket with CodeBucket, leave files out with Exclude, or move dependencies to layers\n" +
			"must have at most 250 MiB unzipped, got 300.5 MiB (" + limitsPage + ")" + list +
			"  leave files out with Exclude or use a container image; layers count towards this limit too"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, SizeProblem(&Package{ZipSize: tc.zip, UnzippedSize: tc.unzipped, Files: files}, tc.bucket), tc.want)
		})
	}
}

func TestLargest(t *testing.T) {
	t.Parallel()
	p := &Package{Files: []File{{Name: "a", Size: 1}, {Name: "b", Size: 2}, {Name: "c", Size: 2}}}
	for n, want := range map[int][]File{
		-1: {},
		0:  {},
		2:  {{Name: "b", Size: 2}, {Name: "c", Size: 2}},
		9:  {{Name: "b", Size: 2}, {Name: "c", Size: 2}, {Name: "a", Size: 1}},
	} {
		if diff := cmp.Diff(want, p.Largest(n)); diff != "" {
			t.Errorf("Largest(%d): %s", n, diff)
		}
	}
	if p.Files[0].Name != "a" {
		t.Error("Largest has sorted the package's files")
	}
}
