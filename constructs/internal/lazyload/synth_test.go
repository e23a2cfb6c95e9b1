package lazyload

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

// spy writes how many of the provider's modules the kernel has loaded.
const spy = `
process.on('exit', () => {
  const loaded = Object.keys(require.cache).filter((path) => /provider-aws[\\/]lib[\\/]/.test(path));
  if (loaded.length > 0) {
    require('fs').writeFileSync(process.env.AEGIS_LAZYLOAD_COUNT, String(loaded.length));
  }
});
`

// TestSynthIsTheSame runs the real kernel on the real provider.
func TestSynthIsTheSame(t *testing.T) {
	needNode(t)
	cache := t.TempDir()

	stock, all := runSynth(t, EnvDisable+"=off", cachehome.Variable+"="+cache)
	lazy, few := runSynth(t, EnvDisable+"=on", cachehome.Variable+"="+cache)
	if diff := cmp.Diff(stock, lazy); diff != "" {
		t.Errorf("the synthesized stack differs (-stock +lazy):\n%s", diff)
	}
	// The index and the structures of a namespace are modules of their own.
	if all < 2000 || few > 100 {
		t.Errorf("got %d of the provider's modules loaded with the hook and %d without, want few and all", few, all)
	}
}

func TestSynthWithTemporaryHook(t *testing.T) {
	needNode(t)
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "")

	_, few := runSynth(t, EnvDisable+"=on", cachehome.Variable+"="+file)
	if few > 100 {
		t.Errorf("got %d of the provider's modules loaded, want few", few)
	}
}

// runSynth returns the synthesized stack and the number of modules of the
// provider that it took. It needs an option of NODE_OPTIONS to be honoured.
func runSynth(t *testing.T, env ...string) (stack string, modules int) {
	t.Helper()
	// A process of its own temporary directory leaves nothing behind.
	dir := t.TempDir()
	out, temp, count := filepath.Join(dir, "out"), filepath.Join(dir, "temp"), filepath.Join(dir, "count")
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "spy.cjs")
	writeFile(t, script, spy)

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "TMP="+temp, synthEnv+"="+out,
		"AEGIS_LAZYLOAD_COUNT="+count, envNodeOptions+"=--require "+quoteOption(script))
	// With -race: jsii's Close waits for its process in two goroutines.
	cmd.Env = append(cmd.Env, "GORACE=exitcode=0")
	cmd.Env = append(cmd.Env, env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("synth: %v\n%s", err, output)
	}

	modules, err := strconv.Atoi(readFile(t, count))
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "aegis-*")); len(left) > 0 {
		t.Errorf("got %v left in the temporary directory, want nothing", left)
	}
	return readFile(t, filepath.Join(out, "stacks", "small", "cdk.tf.json")), modules
}

func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal(fmt.Errorf("aegis needs Node.js: %w", err))
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
