package functiontest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/internal/lambdatest"
)

// MaxZip is the largest package that a function may have: what it takes to load it
// is a part of every cold start.
const MaxZip = 20 << 20

// Build builds the function in the test's folder for this machine.
func Build(t testing.TB) string {
	t.Helper()
	return BuildPackage(t, ".")
}

// BuildPackage builds the function of a folder for this machine.
func BuildPackage(t testing.TB, folder string) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc",
		"-ldflags", "-s -w -X main.version=v1.2.3", "-o", bootstrap, folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bootstrap
}

// CheckSize refuses a function whose package is too large.
func CheckSize(t testing.TB, bootstrap string) {
	t.Helper()
	data, err := os.ReadFile(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("bootstrap")
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, zipped %d", len(data), out.Len())
	if out.Len() >= MaxZip {
		t.Errorf("zipped: must have less than %d bytes, got %d", MaxZip, out.Len())
	}
}

// Environment is the whole environment of the function; later entries win.
func Environment(awsURL, runtimeAPI string, extra ...string) []string {
	return append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"AWS_ENDPOINT_URL=" + awsURL,
		"AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=AKIDTEST",
		"AWS_SECRET_ACCESS_KEY=test",
		"HOME=" + os.DevNull, // no configuration of the machine's user
	}, extra...)
}

// Run runs the function until it exits by itself, which must be with status 1 and
// soon, and returns what it wrote to its log and as metrics.
func Run(t testing.TB, bootstrap string, env []string) (log, metrics string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bootstrap)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("want exit status 1, got %v\n%s", err, stderr.String())
	}
	return stderr.String(), stdout.String()
}

// JSONLines returns a log without the runtime's own last word, which is plain text.
func JSONLines(t testing.TB, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for scanner := bufio.NewScanner(strings.NewReader(log)); scanner.Scan(); {
		if !strings.HasPrefix(scanner.Text(), "{") {
			if !strings.Contains(scanner.Text(), "unexpected status code: 410") {
				t.Errorf("log line is not JSON: %s", scanner.Text())
			}
			continue
		}
		var line map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Errorf("log line: %v", err)
		}
		lines = append(lines, line)
	}
	return lines
}

// CheckProblems runs the function with wrong settings: it must name them all, and ask for no work.
func CheckProblems(t *testing.T, bootstrap, awsURL string, settings []string, want ...string) {
	t.Helper()
	rt := lambdatest.New(t, time.Second, `{}`)
	log, _ := Run(t, bootstrap, Environment(awsURL, rt.Addr, append([]string{"AWS_REGION="}, settings...)...))
	if rt.Asked() != 0 {
		t.Error("the function asked for work")
	}
	lines := JSONLines(t, log)
	if len(lines) != 1 || lines[0]["level"] != "ERROR" {
		t.Fatalf("want one line, got %s", log)
	}
	got, _ := lines[0]["problems"].([]any)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			t.Errorf("problem %d: want none, got %v", i, got[i])
		case i >= len(got) || got[i] != want[i]:
			t.Errorf("problem %d: want %s, got %v", i, want[i], got[min(i, len(got)-1):])
		}
	}
}

// ColdStart measures from the start of the process to its first answer, per start.
func ColdStart(b *testing.B, awsURL, payload string, settings ...string) {
	bootstrap := Build(b)
	const starts = 20
	for b.Loop() {
		var asked, answered, slowest time.Duration
		for range starts {
			rt := lambdatest.New(b, time.Minute, payload)
			began := time.Now()
			Run(b, bootstrap, Environment(awsURL, rt.Addr, settings...))
			first, answer := rt.Times()
			asked += first.Sub(began)
			answered += answer.Sub(began)
			slowest = max(slowest, first.Sub(began))
		}
		b.ReportMetric(float64(asked.Microseconds())/starts/1000, "ms/ready")
		b.ReportMetric(float64(slowest.Microseconds())/1000, "ms/ready-max")
		b.ReportMetric(float64(answered.Microseconds())/starts/1000, "ms/answer")
	}
}
