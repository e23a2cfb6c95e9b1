//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// commandStacks are deployed with cdktf's own commands, as in the README.
var commandStacks = []struct{ name, app, environment string }{
	{"quickstart", "quickstart", "AEGIS_ENV="},
	{"aegis-dev", "aegis", "AEGIS_ENV=dev"},
}

// locking is the lock file that is put beside the rewritten stacks. Without one
// the CLI runs "terraform providers lock", which wants the registry itself and no
// mirror; 0.20 has no flag against it.
const locking = "E2E_LOCK"

// TestCommandLine runs the commands of the README's walk-through with the CLI
// that package.json pins: diff, deploy, once more diff, and destroy.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, s := range commandStacks {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			row := summary.start(t)
			pinned(t)
			look(t, "npx")
			if _, err := os.Stat(filepath.Join(root(), "node_modules", ".bin", "cdktf")); err != nil {
				lack(t, "node_modules/.bin/cdktf is missing; make e2e installs it")
			}
			account := newAccount(t)
			before := account.inventory(t)
			dir := folder(t)
			c := cli{
				stack: s.name, outdir: filepath.Join(dir, "cdktf.out"), app: appScript(t, dir, s.app),
				environment: append(terraformEnvironment(account.environment()), s.environment,
					locking+"="+filepath.Join(work(), "provider", lockFile),
					"FORCE_COLOR=0", "CI=1", "CDKTF_DISABLE_PLUGIN_CACHE_ENV=1"),
			}

			done := row.step(planned)
			out := c.run(t, "diff")
			_, plan, found := strings.Cut(out, "Plan: ")
			if !found {
				t.Fatalf("cdktf diff showed no plan:\n%s", out)
			}
			plan, _, _ = strings.Cut(plan, " to add")
			row.set(resources, plan)
			done("+" + plan)

			done = row.step(applied)
			c.run(t, "deploy", "--auto-approve")
			if made := account.inventory(t).beyond(before); len(made) == 0 {
				t.Fatal("cdktf deploy made nothing")
			}
			done("ok")

			done = row.step(secondPlan)
			c.run(t, "diff")
			open(t, filepath.Join(c.outdir, "stacks", s.name), account).settled(t)
			done("empty")

			done = row.step(destroyed)
			c.run(t, "destroy", "--auto-approve")
			if left := account.inventory(t).beyond(before); len(left) > 0 {
				t.Fatalf("cdktf destroy left behind:\n%v", left)
			}
			done("nothing left")
		})
	}
}

// cli is the pinned cdktf in the project's folder, with a folder of its own for
// what it writes.
type cli struct {
	stack, outdir, app string
	environment        []string
}

func (c cli) run(t *testing.T, command string, flags ...string) string {
	t.Helper()
	args := append([]string{"--no-install", "cdktf", command, c.stack, "--app", c.app, "--output", c.outdir}, flags...)
	ctx, cancel := context.WithTimeout(limited(t), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npx", args...)
	cmd.Dir = root()
	cmd.Env = c.environment
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cdktf %s %s: %v\n%s", command, c.stack, err, out)
	}
	return string(out)
}

// appScript is the app as cdktf runs it, followed by what exceptions_test.go
// leaves out.
func appScript(t *testing.T, dir, app string) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	path := filepath.Join(dir, "app.sh")
	script := fmt.Sprintf("#!/bin/sh\nset -e\ngo run ./apps/%s\n%s=\"$CDKTF_OUTDIR\" '%s'\n", app, rewrite, self)
	must(t, os.WriteFile(path, []byte(script), 0o755))
	return path
}
