//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// commandLines are what users type, with cdktf's CLI as package.json pins it.
var commandLines = []struct {
	name string // of the stack
	app  string
	// lines are run in the order they are in, in a checkout.
	lines func(t *testing.T) []string
}{
	{"quickstart", "quickstart", func(*testing.T) []string {
		return []string{"npx cdktf diff quickstart", "npx cdktf deploy quickstart --auto-approve", "npx cdktf destroy quickstart --auto-approve"}
	}},
	{"aegis-dev", "aegis", walkThrough},
}

// walkThrough are the commands below README's "Deploying", with the user's yes.
func walkThrough(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root(), "README.md"))
	must(t, err)
	_, section, _ := strings.Cut(string(readme), "\n## Deploying\n")
	_, section, _ = strings.Cut(section, "```sh\n")
	block, _, found := strings.Cut(section, "\n```")
	if !found {
		t.Fatal(`README.md has no commands below "Deploying"`)
	}
	var lines []string
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "export ") {
			continue // the account's environment, which is the emulator's here
		}
		if strings.HasPrefix(line, "make deploy") || strings.HasPrefix(line, "make destroy") {
			line += " ARGS=--auto-approve"
		}
		lines = append(lines, line)
	}
	return lines
}

// locking is the lock file that is put beside the rewritten stacks. Without one
// the CLI runs "terraform providers lock", which wants the registry itself and no
// mirror; 0.20 has no flag against it.
const locking = "E2E_LOCK"

// TestCommandLine runs what users type: diff, deploy, once more diff, and destroy.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range commandLines {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			row := summary.start(t)
			pinned(t)
			look(t, "npx")
			if _, err := os.Stat(filepath.Join(root(), "node_modules", ".bin", "cdktf")); err != nil {
				lack(t, "node_modules/.bin/cdktf is missing: make node_modules")
			}
			account := newAccount(t)
			before := account.inventory(t)
			lines := c.lines(t)
			user := shell{checkout(t, c.app), append(terraformEnvironment(account.environment()), "AEGIS_REGION="+region,
				locking+"="+filepath.Join(work(), "provider", lockFile), "FORCE_COLOR=0", "CI=1", "CDKTF_DISABLE_PLUGIN_CACHE_ENV=1")}

			for _, line := range lines {
				switch {
				case strings.Contains(line, " diff "):
					done := row.step(planned)
					_, plan, found := strings.Cut(user.run(t, line), "Plan: ")
					if !found {
						t.Fatalf("%s showed no plan", line)
					}
					plan, _, _ = strings.Cut(plan, " to add")
					row.set(resources, plan)
					done("+" + plan)
				case strings.Contains(line, " deploy "):
					done := row.step(applied)
					user.run(t, line)
					if made := account.inventory(t).beyond(before); len(made) == 0 {
						t.Fatalf("%s made nothing", line)
					}
					done("ok")
					done = row.step(secondPlan)
					user.run(t, lines[0])
					open(t, filepath.Join(user.dir, "cdktf.out", "stacks", c.name), account).settled(t)
					done("empty")
				case strings.Contains(line, " destroy "):
					done := row.step(destroyed)
					user.run(t, line)
					if left := account.inventory(t).beyond(before); len(left) > 0 {
						t.Fatalf("%s left behind:\n%v", line, left)
					}
					done("nothing left")
				default:
					if strings.TrimSpace(user.run(t, line)) == "" {
						t.Errorf("%s showed nothing", line)
					}
				}
			}
			for _, step := range []string{planned, applied, destroyed} {
				if row.cells[step] == "" {
					t.Errorf("no command did %s: %q", step, lines)
				}
			}
		})
	}
}

// shell is where a user types, and with what environment.
type shell struct {
	dir         string
	environment []string
}

func (s shell) run(t *testing.T, line string) string {
	t.Helper()
	cmd := exec.CommandContext(limited(t), "sh", "-c", line)
	cmd.Dir, cmd.Env = s.dir, s.environment
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// checkout is a copy of the project, whose cdktf.json runs an app, followed by
// what exceptions_test.go leaves out.
func checkout(t *testing.T, app string) string {
	t.Helper()
	dir := folder(t)
	for _, name := range []string{"agents", "apps", "constructs", "controller"} {
		must(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root(), name))))
	}
	for _, name := range []string{"Makefile", "cdktf.json", "go.mod", "go.sum", "package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(root(), name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
		// Older than node_modules, which is not to be made anew.
		must(t, os.Chtimes(filepath.Join(dir, name), time.Unix(0, 0), time.Unix(0, 0)))
	}
	must(t, os.Symlink(filepath.Join(root(), "node_modules"), filepath.Join(dir, "node_modules")))

	self, err := os.Executable()
	must(t, err)
	script := fmt.Sprintf("#!/bin/sh\nset -e\ngo run ./apps/%s\n%s=\"$CDKTF_OUTDIR\" '%s'\n", app, rewrite, self)
	must(t, os.WriteFile(filepath.Join(dir, "app.sh"), []byte(script), 0o755))
	config, err := readDocument(filepath.Join(dir, "cdktf.json"))
	must(t, err)
	config["app"] = "./app.sh"
	must(t, config.write(filepath.Join(dir, "cdktf.json")))
	return dir
}
