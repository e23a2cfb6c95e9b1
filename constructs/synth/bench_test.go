package synth_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkQuickstart synthesizes apps/quickstart as a process of its own, from
// warm caches, with the lazy provider loader (lazy-ms) and without (stock-ms) in
// turns: the medians of 5 runs each.
//
// Target: lazy/stock at most 0.25.
func BenchmarkQuickstart(b *testing.B) {
	const runs = 5
	repository, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	p := &process{program: buildProgram(b, "../../apps/quickstart"), dir: repository}
	outdir := "CDKTF_OUTDIR=" + b.TempDir()
	measure := func(loader string) time.Duration {
		p.env = []string{outdir, "AEGIS_LAZY_PROVIDERS=" + loader}
		start := time.Now()
		p.succeed(b)
		return time.Since(start)
	}
	var lazy, stock []time.Duration
	for b.Loop() {
		lazy, stock = nil, nil
		measure("on")
		measure("off")
		for range runs {
			lazy = append(lazy, measure("on"))
			stock = append(stock, measure("off"))
		}
	}
	b.Logf("lazy:  %v", rounded(lazy))
	b.Logf("stock: %v", rounded(stock))
	b.ReportMetric(0, "ns/op") // of all runs together, which says nothing
	b.ReportMetric(milliseconds(median(lazy)), "lazy-ms")
	b.ReportMetric(milliseconds(median(stock)), "stock-ms")
	b.ReportMetric(median(lazy).Seconds()/median(stock).Seconds(), "lazy/stock")
}

// BenchmarkGrowth synthesizes a stack of 100 functions and one of 1,000, of five
// resources each, as a process of its own: the medians of 3 runs each, and on
// Linux the peak memory of the Go program and of the Node processes that run
// cdktf for it.
//
// Target: 10 times the work takes at most 11 times as long.
func BenchmarkGrowth(b *testing.B) {
	const (
		few, many = 100, 1000
		runs      = 3
	)
	app := buildProgram(b, "./testdata/app")
	took := map[int][]time.Duration{}
	peak := map[int]memory{}
	for b.Loop() {
		clear(took)
		grow(b, app, few) // fills the caches
		for range runs {
			for _, n := range []int{few, many} {
				duration, used := grow(b, app, n)
				took[n] = append(took[n], duration)
				peak[n] = peak[n].max(used)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of all runs together, which says nothing
	for _, n := range []int{few, many} {
		m := median(took[n])
		b.Logf("%5d functions: %v, median %v, %.2f ms each, peak memory %v", n, rounded(took[n]), m.Round(time.Millisecond),
			milliseconds(m)/float64(n), peak[n])
		b.ReportMetric(milliseconds(m), strconv.Itoa(n)+"-ms")
	}
	b.ReportMetric(median(took[many]).Seconds()/median(took[few]).Seconds(), "growth")
	if peak[many].program > 0 {
		b.ReportMetric(mebibytes(peak[many].program), "go-MiB")
		b.ReportMetric(mebibytes(peak[many].children), "node-MiB")
	}
}

// grow synthesizes n functions.
func grow(b *testing.B, app program, n int) (time.Duration, memory) {
	b.Helper()
	p := app.in(b)
	cmd := p.command("grow", strconv.Itoa(n))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	took := time.Since(start)
	used := peak()
	if err != nil {
		b.Fatalf("%v\n%s", err, output.String())
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "cdktf.out", "stacks", "many", "cdk.tf.json"))
	if err != nil {
		b.Fatal(err)
	}
	if got := bytes.Count(text, []byte(`"source_code_hash"`)); got != n {
		b.Fatalf("got %d functions, want %d", got, n)
	}
	return took, used
}

// memory is the peak of resident memory in bytes, 0 where it is not known.
type memory struct {
	program  int64
	children int64 // of all children together
}

func (m memory) max(other memory) memory {
	return memory{max(m.program, other.program), max(m.children, other.children)}
}

func (m memory) String() string {
	if m.program == 0 {
		return "not known here"
	}
	return fmt.Sprintf("Go %.0f MiB, Node %.0f MiB", mebibytes(m.program), mebibytes(m.children))
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

func rounded(list []time.Duration) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, d := range list {
		out[i] = d.Round(time.Millisecond)
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
