package lazyload

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// worker takes its time before it leaves a file.
const worker = `
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
require('fs').writeFileSync(require('worker_threads').workerData, '');
`

// kernel starts a worker and leaves at once, as the jsii kernel does.
const kernel = `
const { Worker } = require('worker_threads');
const [file, done, code] = process.argv.slice(2);
const worker = new Worker(file, { workerData: done });
if (!(worker instanceof Worker)) throw new Error('the worker is no Worker');
worker.once('online', () => process.exit(code === '' ? undefined : Number(code)));
`

// TestHookWaitsForTheIndexer checks that the first run leaves an index of the
// provider's types, without which no later run is fast.
func TestHookWaitsForTheIndexer(t *testing.T) {
	enableIn(t, t.TempDir())
	for _, tc := range []struct {
		name, file, code string
		exit             int
		waits            bool
	}{
		{name: "the indexer", file: "runtime-index-worker.js", code: "0", waits: true},
		{name: "the indexer, no exit code", file: "runtime-index-worker.js", waits: true},
		{name: "a failure", file: "runtime-index-worker.js", code: "3", exit: 3},
		{name: "another worker", file: "worker.js", code: "0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			file, script, done := filepath.Join(dir, tc.file), filepath.Join(dir, "kernel.js"), filepath.Join(dir, "done")
			writeFile(t, file, worker)
			writeFile(t, script, kernel)
			_, err := runNode(script, file, done, tc.code)
			if got := exitCode(err); got != tc.exit {
				t.Errorf("got exit code %d (%v), want %d", got, err, tc.exit)
			}
			if _, err := os.Stat(done); (err == nil) != tc.waits {
				t.Errorf("got the worker done %v, want %v", err == nil, tc.waits)
			}
		})
	}
}

func TestHookSurvivesABrokenIndexer(t *testing.T) {
	enableIn(t, t.TempDir())
	dir := t.TempDir()
	file, script := filepath.Join(dir, "runtime-index-worker.js"), filepath.Join(dir, "kernel.js")
	writeFile(t, file, `throw new Error('broken');`)
	writeFile(t, script, kernel+`worker.once('error', () => process.exit(0));`)
	if _, err := runNode(script, file, "", "0"); err != nil {
		t.Error(err)
	}
}

// TestHookStaysOutOfChildren removes the hook's file before a worker and a
// child process start, as restore does with a temporary one.
func TestHookStaysOutOfChildren(t *testing.T) {
	enableIn(t, t.TempDir())
	options, err := splitOptions(os.Getenv(envNodeOptions))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, script, done := filepath.Join(dir, "runtime-index-worker.js"), filepath.Join(dir, "kernel.js"), filepath.Join(dir, "done")
	writeFile(t, file, worker)
	writeFile(t, script, `
		require('fs').rmSync(process.argv[5]);
		require('child_process').execFileSync(process.execPath, ['-e', '0'], { stdio: 'inherit' });
	`+kernel)
	if _, err := runNode(script, file, done, "0", options[len(options)-1]); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(done); err != nil {
		t.Error(err)
	}
}

// TestHookStaysInTheKernel runs a script of the name of jsii's, which starts
// the kernel with the environment it was given.
func TestHookStaysInTheKernel(t *testing.T) {
	enableIn(t, t.TempDir())
	script := filepath.Join(t.TempDir(), "jsii-runtime.js")
	writeFile(t, script, `console.log(process.env.NODE_OPTIONS);`)
	got, err := runNode(script)
	if err != nil {
		t.Fatal(err)
	}
	if want := os.Getenv(envNodeOptions) + "\n"; got != want {
		t.Errorf("got NODE_OPTIONS %q, want %q", got, want)
	}
}

func exitCode(err error) int {
	var failed *nodeError
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed) && errors.As(failed.err, &exit):
		return exit.ExitCode()
	default:
		return -1
	}
}
