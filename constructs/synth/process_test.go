package synth_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/internal/treetest"
)

// program is testdata/app, built.
type program string

func buildProgram(tb testing.TB, pkg string) program {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), filepath.Base(pkg)+".exe")
	if output, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		tb.Fatalf("go build %s: %v\n%s", pkg, err, output)
	}
	return program(path)
}

// process is the program in a working directory of its own.
type process struct {
	program
	dir    string
	env    []string
	stdout string
	stderr string
}

func (p program) in(t testing.TB, env ...string) *process {
	t.Helper()
	source, err := filepath.Abs("testdata/app/src")
	if err != nil {
		t.Fatal(err)
	}
	// A Node that a signal ended leaves its temporary files, here.
	temp := t.TempDir()
	own := []string{"APP_SOURCE=" + source, "TMPDIR=" + temp, "TMP=" + temp}
	return &process{program: p, dir: t.TempDir(), env: append(own, env...)}
}

func (p *process) command(args ...string) *exec.Cmd {
	cmd := exec.Command(string(p.program), args...)
	cmd.Dir = p.dir
	// What the machine that runs the tests has set must not matter.
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "CDKTF_OUTDIR" && name != "AEGIS_LAZY_PROVIDERS" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, p.env...)
	return cmd
}

// run runs the program and returns its exit code.
func (p *process) run(t testing.TB, args ...string) int {
	t.Helper()
	cmd := p.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	p.stdout, p.stderr = stdout.String(), withoutBanner(stderr.String())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func (p *process) succeed(t testing.TB, args ...string) {
	t.Helper()
	if code := p.run(t, args...); code != 0 {
		t.Fatalf("got exit code %d:\n%s", code, p.stderr)
	}
}

// machine is what depends on the machine: what jsii says about a release of
// Node past its end, and what asks for patience on a slow or new one.
var machine = regexp.MustCompile(`(?m)^(!!.*!!|still synthesizing; .*|indexing the provider's types, .*)\n`)

func withoutBanner(text string) string { return machine.ReplaceAllString(text, "") }

// files returns everything below a folder of the working directory by its path
// from there, empty folders and the lock of the output folder apart.
func (p *process) files(t testing.TB, dir string) map[string]string {
	t.Helper()
	root := filepath.Join(p.dir, dir)
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}
	}
	return treetest.Read(t, root, ".lock")
}

func (p *process) write(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// noOutput fails when anything is in the working directory.
func (p *process) noOutput(t testing.TB) {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("got %v left behind, want nothing", entries)
	}
}

// TestProcess runs whole programs, each with a kernel of its own.
func TestProcess(t *testing.T) {
	t.Parallel()
	app := buildProgram(t, "./testdata/app")
	for name, test := range map[string]func(t *testing.T, app program){
		"prints all mistakes":             printsAllMistakes,
		"says where an exception is from": saysWhereAnExceptionIsFrom,
		"leaves no temporary file":        leavesNoTemporaryFile,
		"writes the same twice":           writesTheSameTwice,
		"keeps a good output":             keepsAGoodOutput,
		"keeps Terraform's files":         keepsTerraformsFiles,
		"lets a panic go on":              letsAPanicGoOn,
		"needs Node":                      needsNode,
		"needs an absolute cache folder":  needsAnAbsoluteCacheFolder,
		"stops at a signal":               stopsAtASignal,
		"removes what a killed run left":  removesWhatAKilledRunLeft,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, app)
		})
	}
}

func printsAllMistakes(t *testing.T, app program) {
	p := app.in(t)
	equal(t, p.run(t, "mistakes"), 1)
	equal(t, p.stderr, `synth failed: 6 errors in 5 constructs
  orders/Api             MemoryMiB: must be from 128 to 10240, got 64
  orders/Api             Timeout: must be from 1s to 15m0s, got 20m0s
  reports/NightlyReport  MemoryMiB: must be from 128 to 10240, got 20000
  orders/Queue           must have a dead-letter queue,
                         got none
  reports                must have a budget
  reports/Queue          must have a dead-letter queue
`)
	equal(t, p.stdout, "")
	p.noOutput(t)
}

func saysWhereAnExceptionIsFrom(t *testing.T, app program) {
	p := app.in(t)
	equal(t, p.run(t, "duplicate"), 1)
	file, err := filepath.Abs("testdata/app/main.go")
	if err != nil {
		t.Fatal(err)
	}
	p.stderr = regexp.MustCompile(regexp.QuoteMeta(filepath.ToSlash(file))+`:\d+`).ReplaceAllString(p.stderr, "main.go:1")
	equal(t, p.stderr, `synth failed: 1 error in 1 construct, and an exception that kept the rest from being checked
  orders/Api  MemoryMiB: must be from 128 to 10240, got 64
  There is already a Construct with name 'Api' in TerraformStack [orders]
    at main.go:1
`)
	p.noOutput(t)
}

func leavesNoTemporaryFile(t *testing.T, app program) {
	temp := t.TempDir()
	for _, name := range []string{"one", "duplicate"} {
		app.in(t, "TMPDIR="+temp, "TMP="+temp).run(t, name)
		if entries, _ := os.ReadDir(temp); len(entries) > 0 {
			t.Errorf("%s: got %v left in the temporary directory", name, entries)
		}
	}
}

// writesTheSameTwice runs in one folder twice, and in another one with another
// output folder.
func writesTheSameTwice(t *testing.T, app program) {
	first := app.in(t)
	first.succeed(t, "good")
	first.stdout = regexp.MustCompile(`in \d+\.\d s`).ReplaceAllString(first.stdout, "in 0.5 s")
	equal(t, filepath.ToSlash(first.stdout), "wrote cdktf.out/stacks/orders/cdk.tf.json\n"+
		"wrote cdktf.out/stacks/reports/cdk.tf.json\n"+
		"synthesized 2 stacks in 0.5 s\n")
	equal(t, first.stderr, "")
	before := first.files(t, "cdktf.out")
	if len(before) != 5 {
		t.Errorf("got %d files, want a manifest, two stacks and their packages", len(before))
	}
	first.succeed(t, "good")
	equal(t, first.files(t, "cdktf.out"), before)

	outdir := filepath.Join("somewhere", "else")
	other := app.in(t, "CDKTF_OUTDIR="+outdir)
	other.succeed(t, "good")
	equal(t, other.files(t, outdir), before)
	if !strings.Contains(filepath.ToSlash(other.stdout), "wrote somewhere/else/stacks/orders/cdk.tf.json\n") {
		t.Errorf("got:\n%s", other.stdout)
	}
}

func keepsAGoodOutput(t *testing.T, app program) {
	p := app.in(t)
	p.succeed(t, "good")
	before := p.files(t, ".")
	for _, name := range []string{"mistakes", "panic"} {
		if code := p.run(t, name); code == 0 {
			t.Errorf("%s: got exit code 0", name)
		}
		if diff := cmp.Diff(before, p.files(t, ".")); diff != "" {
			t.Errorf("%s: the output changed (-before +after):\n%s", name, diff)
		}
	}
}

func keepsTerraformsFiles(t *testing.T, app program) {
	p := app.in(t)
	p.succeed(t, "good")
	const orders = "cdktf.out/stacks/orders/"
	kept := map[string]string{
		".terraform/providers/aws": "a provider",
		".terraform.lock.hcl":      "a lock",
	}
	for name, text := range kept {
		p.write(t, orders+name, text)
	}
	p.write(t, orders+"assets/Removed/1234/code.zip", "of a function that is no more")
	p.succeed(t, "no-assets")
	got := p.files(t, orders)
	for name, text := range kept {
		equal(t, got[name], text)
	}
	for name := range got {
		if strings.HasPrefix(name, "assets/") {
			t.Errorf("the stale asset %s is still there", name)
		}
	}
}

// letsAPanicGoOn has a bug after a mistake, which may be its cause.
func letsAPanicGoOn(t *testing.T, app program) {
	p := app.in(t)
	equal(t, p.run(t, "nil-pointer"), 2)
	head, trace, _ := strings.Cut(p.stderr, "panic: ")
	equal(t, head, `synth failed: a panic, see below, after 1 error
  orders/Api  MemoryMiB: must be from 128 to 10240, got 64
`)
	if !strings.Contains(trace, "nil pointer dereference") || !strings.Contains(trace, "testdata/app/main.go:") {
		t.Errorf("got %q, want Go's trace", trace)
	}
	p.noOutput(t)
}

func needsNode(t *testing.T, app program) {
	p := app.in(t, "JSII_NODE=node-that-is-not-there")
	equal(t, p.run(t, "one"), 1)
	head, _, _ := strings.Cut(p.stderr, ", got: ")
	equal(t, head, `synth failed: must be able to run Node.js 20 or later as "node-that-is-not-there"`)
	p.noOutput(t)
}

func needsAnAbsoluteCacheFolder(t *testing.T, app program) {
	p := app.in(t, "AEGIS_CACHE_DIR=some/cache")
	equal(t, p.run(t, "good"), 1)
	equal(t, p.stderr, "AEGIS_CACHE_DIR: must be an absolute path, got \"some/cache\"\n")
	p.noOutput(t)
}
