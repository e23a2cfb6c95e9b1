package soak_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/soak"
	"github.com/aegis-agents/aegis/controller/internal/sqlite"
	"github.com/aegis-agents/aegis/controller/task"
)

// measure runs workflows on files, as local mode does, whose agents answer at
// once. It returns the report, and for every task whose start follows from one
// answer alone the time from that answer to the start: all that the control plane adds to a task.
func measure(b *testing.B, workflows, atOnce, questions int) (soak.Report, []time.Duration) {
	b.Helper()
	folder := b.TempDir()
	table, err := sqlite.Open(b.Context(), filepath.Join(folder, "records.db"), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	answered := map[string]time.Time{}
	var added []time.Duration
	r, err := soak.Run(context.Background(), soak.Config{
		Workflows: workflows, AtOnce: atOnce, Questions: questions, Table: table, Folder: folder,
		Think: func() time.Duration { return 0 },
		Answered: func(t task.Task) {
			mu.Lock()
			defer mu.Unlock()
			answered[t.Workflow] = time.Now()
		},
		Begun: func(t task.Task) {
			mu.Lock()
			defer mu.Unlock()
			if at, found := answered[t.Workflow]; found && t.Index == 0 {
				added = append(added, time.Since(at))
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := table.Close(); err != nil {
		b.Fatal(err)
	}
	if r.Lost+r.Stuck+r.Failed+r.Doubled != 0 {
		b.Fatal(r)
	}
	slices.Sort(added)
	return r, added
}

// BenchmarkTask is one workflow after another. The target is a p50 of at most 25 ms.
func BenchmarkTask(b *testing.B) {
	for b.Loop() {
		_, added := measure(b, 200, 1, 1)
		b.ReportMetric(milliseconds(added[len(added)/2]), "p50-ms")
		b.ReportMetric(milliseconds(added[len(added)*99/100]), "p99-ms")
	}
}

// BenchmarkThroughput is 50 workflows at once.
func BenchmarkThroughput(b *testing.B) {
	for b.Loop() {
		r, added := measure(b, 500, 50, 5)
		b.ReportMetric(float64(r.Tasks)/r.Took.Seconds(), "tasks/s")
		b.ReportMetric(milliseconds(added[len(added)/2]), "p50-ms")
		b.ReportMetric(milliseconds(added[len(added)*99/100]), "p99-ms")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
