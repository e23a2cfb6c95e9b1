package packaging

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestFewOpenFiles packages more files than may be open at the same time.
func TestFewOpenFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("counts in /proc")
	}
	files := map[string]string{}
	for dir := range strings.SplitSeq("abcdefghij", "") {
		for name := range strings.SplitSeq("0123456789", "") {
			files[dir+"/"+name] = noise(uint64(len(files)), 20_000)
		}
	}
	dir := tree(t, files)
	most := 0
	m, _, err := walk(context.Background(), dir, new(excludes))
	must(t, err)
	_, err = m.digest(context.Background())
	must(t, err)
	must(t, writeZip(context.Background(), writerFunc(func(p []byte) (int, error) {
		n := 0
		open, err := os.ReadDir("/proc/self/fd")
		for _, fd := range open {
			if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target, dir) {
				n++
			}
		}
		most = max(most, n)
		return len(p), err
	}), m, 4))
	if most > 4 {
		t.Errorf("%d files are open at the same time", most)
	}
}
