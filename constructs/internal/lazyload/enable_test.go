package lazyload

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/cachehome"
)

// These tests change the environment, so that none is parallel.

func TestEnableSwitch(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		on          bool
		err         string
	}{
		{name: "empty", value: "", on: true},
		{name: "1", value: "1", on: true},
		{name: "on", value: "on", on: true},
		{name: "TRUE", value: "TRUE", on: true},
		{name: "0", value: "0"},
		{name: "false", value: "false"},
		{name: "Off", value: "Off"},
		{name: "another value", value: "no", err: `AEGIS_LAZY_PROVIDERS: must be 1, true, on, 0, false or off, got "no"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			unsetNodeOptions(t)
			t.Setenv(cachehome.Variable, t.TempDir())
			t.Setenv(EnvDisable, tc.value)
			restore, err := Enable()
			if got := text(err); got != tc.err {
				t.Errorf("got error %q, want %q", got, tc.err)
			}
			if _, on := os.LookupEnv(envNodeOptions); on != tc.on {
				t.Errorf("got NODE_OPTIONS set %v, want %v", on, tc.on)
			}
			restore()
			if value, set := os.LookupEnv(envNodeOptions); set {
				t.Errorf("got NODE_OPTIONS %q after restore, want it unset", value)
			}
		})
	}
}

func TestEnableKeepsOptions(t *testing.T) {
	needNode(t)
	dir := t.TempDir()
	other := filepath.Join(dir, "other one.cjs")
	writeFile(t, other, `globalThis.other = true;`)
	script := filepath.Join(dir, "script.cjs")
	writeFile(t, script, `console.log([
		Math.floor(require('v8').getHeapStatistics().heap_size_limit / 1e9),
		globalThis.other === true,
		require('module')[Symbol.for('aegis.lazyload.installed')] === true,
	].join());`)

	for _, tc := range []struct {
		name, before string
		unset        bool
		after, want  string // what NODE_OPTIONS starts with; what Node sees
	}{
		{name: "unset, as jsii sets it", unset: true, after: jsiiNodeOptions + " --require ", want: "4,false,true\n"},
		{name: "empty, as jsii leaves it", before: "", after: "--require "},
		{name: "its own heap", before: "--max-old-space-size=2048", after: "--max-old-space-size=2048 --require ", want: "2,false,true\n"},
		{name: "another hook", before: "--max-old-space-size=2048 --require " + quoteOption(other) + " ",
			after: "--max-old-space-size=2048 --require " + quoteOption(other), want: "2,true,true\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv(EnvDisable, "")
			t.Setenv(cachehome.Variable, t.TempDir())
			t.Setenv(envNodeOptions, tc.before)
			if tc.unset {
				unsetNodeOptions(t)
			}
			restore, err := Enable()
			if err != nil {
				t.Fatal(err)
			}
			enabled := os.Getenv(envNodeOptions)
			if !strings.HasPrefix(enabled, tc.after) {
				t.Errorf("got NODE_OPTIONS %q, want it to start with %q", enabled, tc.after)
			}
			got, err := runNode(script)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want != "" && got != tc.want {
				t.Errorf("got %q in Node, want %q", got, tc.want)
			}

			again, err := Enable()
			if err != nil {
				t.Fatal(err)
			}
			again()
			if got := os.Getenv(envNodeOptions); got != enabled {
				t.Errorf("got NODE_OPTIONS %q when enabled twice, want %q", got, enabled)
			}
			restore()
			if after, set := os.LookupEnv(envNodeOptions); after != tc.before || set == tc.unset {
				t.Errorf("got NODE_OPTIONS %q (set: %v) after restore, want %q (set: %v)", after, set, tc.before, !tc.unset)
			}
		})
	}
}

func TestEnableRefusesOptionsThatNodeRefuses(t *testing.T) {
	t.Setenv(EnvDisable, "")
	t.Setenv(cachehome.Variable, t.TempDir())
	t.Setenv(envNodeOptions, `--require "open`)
	restore, err := Enable()
	restore()
	if got, want := text(err), `NODE_OPTIONS: must close its double quotes`; got != want {
		t.Errorf("got error %q, want %q", got, want)
	}
	if got := os.Getenv(envNodeOptions); got != `--require "open` {
		t.Errorf("got NODE_OPTIONS %q, want it as it was", got)
	}
}

func TestEnableInAwkwardDirectories(t *testing.T) {
	names := []string{"plain", "with space", " edge "}
	if runtime.GOOS != "windows" {
		names = append(names, `with "quotes" and \ backslashes\`, `'$HOME' ünd #%`)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			enableIn(t, filepath.Join(t.TempDir(), name))
			path := writePackage(t, "@cdktf/provider-null/lib", "index.js", index)
			if diff := cmp.Diff(lazyView, view(t, path)); diff != "" {
				t.Errorf("what a program sees (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnableWithARelativeCache(t *testing.T) {
	t.Chdir(t.TempDir())
	enableIn(t, "cache")
	path := writePackage(t, "@cdktf/provider-null/lib", "index.js", index)
	if diff := cmp.Diff(lazyView, view(t, path)); diff != "" {
		t.Errorf("what a program sees (-want +got):\n%s", diff)
	}
}

func TestEnableUsesTheUsersCache(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	want, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	enableIn(t, "")
	found, err := filepath.Glob(filepath.Join(want, "aegis", "loader", strings.Repeat("?", 12), "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || filepath.Base(found[0]) != hookName {
		t.Errorf("got %v in the cache, want the hook alone", found)
	}
}

func TestEnableRepairsTheCache(t *testing.T) {
	cache := t.TempDir()
	path := hookIn(t, cache)
	for _, content := range []string{"", "process.exit(1);", string(hookSource) + "\n"} {
		writeFile(t, path, content)
		if got := hookIn(t, cache); got != path {
			t.Errorf("got the hook at %s, want %s", got, path)
		}
		if got := readFile(t, path); got != string(hookSource) {
			t.Errorf("got %q left in the cache", got)
		}
	}
}

func TestEnableWithoutACache(t *testing.T) {
	file, temp := filepath.Join(t.TempDir(), "file"), t.TempDir()
	writeFile(t, file, "")
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	t.Setenv(EnvDisable, "")
	t.Setenv(cachehome.Variable, file)
	unsetNodeOptions(t)

	restore, err := Enable()
	if err != nil {
		t.Fatal(err)
	}
	found := func() []string {
		paths, _ := filepath.Glob(filepath.Join(temp, "*", hookName))
		return paths
	}
	if len(found()) != 1 || !strings.Contains(os.Getenv(envNodeOptions), quoteOption(found()[0])) {
		t.Errorf("got %v and NODE_OPTIONS %q, want a temporary hook", found(), os.Getenv(envNodeOptions))
	}
	again, err := Enable()
	if err != nil {
		t.Fatal(err)
	}
	again()
	if len(found()) != 1 {
		t.Errorf("got %v when enabled twice, want one hook", found())
	}
	restore()
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("got %v left after restore, want nothing", left)
	}
}

func TestEnableWithoutAnyDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "")
	t.Setenv("TMPDIR", file)
	t.Setenv("TMP", file)
	t.Setenv(EnvDisable, "")
	t.Setenv(cachehome.Variable, file)
	t.Setenv(envNodeOptions, "--no-warnings")

	restore, err := Enable()
	if err == nil {
		t.Error("got no error, want the reason")
	}
	if got := os.Getenv(envNodeOptions); got != "--no-warnings" {
		t.Errorf("got NODE_OPTIONS %q, want it as it was", got)
	}
	restore()
}

// hookIn enables the loader with a cache and returns where the hook is.
func hookIn(t *testing.T, cache string) string {
	t.Helper()
	t.Setenv(EnvDisable, "")
	t.Setenv(cachehome.Variable, cache)
	unsetNodeOptions(t)
	restore, err := Enable()
	if err != nil {
		t.Fatal(err)
	}
	defer restore()
	options, err := splitOptions(os.Getenv(envNodeOptions))
	if err != nil {
		t.Fatal(err)
	}
	return options[len(options)-1]
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
