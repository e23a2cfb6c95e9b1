package packaging

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

const (
	benchFiles = 2000
	benchBytes = 100_000_000
)

// BenchmarkPackage packages 2,000 files of source text, 100 MB together.
//
// Cold is a first run with an empty cache, warm a second one with nothing
// changed. x-of-zip compares with `zip -qr` (level 6) on the same directory,
// warm/cold warm with cold.
func BenchmarkPackage(b *testing.B) {
	dir := corpus(b)
	options := DirectoryOptions{Path: dir, Name: "bench"}
	ctx := context.Background()

	zipTime, zipSize := measureZip(b, dir)

	b.Run("cold", func(b *testing.B) {
		b.SetBytes(benchBytes)
		var p *Package
		for b.Loop() {
			b.StopTimer()
			b.Setenv(cachehome.Variable, b.TempDir())
			b.StartTimer()
			var err error
			if p, err = FromDirectory(ctx, options); err != nil {
				b.Fatal(err)
			}
		}
		perOp := b.Elapsed() / time.Duration(b.N)
		b.ReportMetric(float64(p.UnzippedSize)/float64(p.ZipSize), "ratio")
		if zipTime > 0 {
			b.ReportMetric(perOp.Seconds()/zipTime.Seconds(), "x-of-zip")
			b.ReportMetric(float64(p.ZipSize)/float64(zipSize), "size-of-zip")
		}
		reportMemory(b)
	})
	b.Run("warm", func(b *testing.B) {
		b.SetBytes(benchBytes)
		b.Setenv(cachehome.Variable, b.TempDir())
		start := time.Now()
		if _, err := FromDirectory(ctx, options); err != nil {
			b.Fatal(err)
		}
		cold := time.Since(start)
		for b.Loop() {
			if _, err := FromDirectory(ctx, options); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric((b.Elapsed()/time.Duration(b.N)).Seconds()/cold.Seconds(), "warm/cold")
		reportMemory(b)
	})
}

// measureZip returns the best time of three runs of zip, and the size it makes.
// Both are 0 if there is no zip.
func measureZip(b *testing.B, dir string) (time.Duration, int64) {
	b.Helper()
	zip, err := exec.LookPath("zip")
	if err != nil {
		b.Log("zip is not installed, x-of-zip is left out")
		return 0, 0
	}
	var best time.Duration
	var size int64
	for range 3 {
		out := filepath.Join(b.TempDir(), "out.zip")
		cmd := exec.Command(zip, "-qr", out, ".")
		cmd.Dir = dir
		start := time.Now()
		if text, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("zip: %v\n%s", err, text)
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
		info, err := os.Stat(out)
		if err != nil {
			b.Fatal(err)
		}
		size = info.Size()
	}
	b.Logf("zip -qr: %v, %d bytes", best.Round(time.Millisecond), size)
	return best, size
}

// reportMemory reports the most memory the process has had so far.
func reportMemory(b *testing.B) {
	b.Helper()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	peak := float64(stats.Sys)
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
				if kib, err := strconv.ParseFloat(fields[1], 64); err == nil {
					peak = kib * 1024
				}
			}
		}
	}
	b.ReportMetric(peak/(1<<20), "peak-MiB")
}

// corpus writes the files once for each process.
func corpus(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	// A few sizes are much larger than the others, as in a real tree.
	rnd := rand.New(rand.NewPCG(1, 2))
	weights := make([]float64, benchFiles)
	var sum float64
	for i := range weights {
		weights[i] = 0.05 + rnd.ExpFloat64()
		if i%100 == 0 {
			weights[i] *= 20
		}
		sum += weights[i]
	}
	var wg sync.WaitGroup
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				path := filepath.Join(dir, fmt.Sprintf("pkg%02d", i%40), fmt.Sprintf("module_%04d.py", i))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					b.Error(err)
				}
				text := sourceText(uint64(i), int(weights[i]/sum*benchBytes))
				if err := os.WriteFile(path, text, 0o644); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range benchFiles {
		work <- i
	}
	close(work)
	wg.Wait()
	return dir
}

// sourceText makes about n bytes which look and compress like source code: few
// words are frequent and many are rare, lines are indented, and some lines come
// back.
func sourceText(seed uint64, n int) []byte {
	rnd := rand.New(rand.NewPCG(seed, 3))
	zipf := rand.NewZipf(rnd, 1.15, 4, uint64(len(words())-1))
	keywords := []string{"return ", "if not ", "for ", "self.", "raise ", "def ", "yield ", "assert "}
	var b bytes.Buffer
	var lines []string
	for b.Len() < n {
		if len(lines) > 50 && rnd.IntN(100) < 38 {
			b.WriteString(lines[len(lines)-1-rnd.IntN(50)])
			continue
		}
		line := strings.Repeat("    ", rnd.IntN(5))
		if rnd.IntN(2) == 0 {
			line += keywords[rnd.IntN(len(keywords))]
		}
		for range 1 + rnd.IntN(5) {
			line += words()[zipf.Uint64()]
			switch rnd.IntN(8) {
			case 0:
				line += "("
			case 1:
				line += "), "
			case 2:
				line += " = "
			case 3:
				line += "." + words()[zipf.Uint64()] + "("
			case 4:
				line += fmt.Sprintf("[%d] ", rnd.IntN(100))
			default:
				line += " "
			}
		}
		line += "\n"
		lines = append(lines, line)
		b.WriteString(line)
	}
	return b.Bytes()[:n]
}

// words is a vocabulary of 4,000 identifiers, the short ones first.
var words = sync.OnceValue(func() []string {
	rnd := rand.New(rand.NewPCG(4, 5))
	syllables := strings.Fields("re con de ad in ex per pro sta ti on er al ment able for get set map key val id ctx err buf len str num out put")
	list := make([]string, 4000)
	for i := range list {
		for range 1 + min(i/200, 3) + rnd.IntN(2) {
			list[i] += syllables[rnd.IntN(len(syllables))]
		}
		if rnd.IntN(4) == 0 {
			list[i] += "_" + syllables[rnd.IntN(len(syllables))]
		}
	}
	return list
})
