package packaging

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// goKept are the settings of the user's go which say where modules, tools and
// caches are. They do not change what is built, and a build may need them.
var goKept = []string{
	"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH",
	"GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOVCS",
}

// goFixed are the settings that change the bytes of a program.
// https://pkg.go.dev/cmd/go#hdr-Environment_variables
var goFixed = []string{
	"CGO_ENABLED=0",
	// The oldest processors Lambda has, and go's own defaults.
	"GOAMD64=v1",
	"GOARM64=v8.0",
	// The settings of `go env -w` have been read by then, and what is not in
	// goKept does not count.
	"GOENV=off",
}

// goDropped are variables which change the bytes of a program, or what go does,
// and are go's own business by default.
var goDropped = []string{
	"GOCOVERDIR", "GODEBUG", "GOEXPERIMENT", "GOFIPS140", "GO_EXTLINK_ENABLED", "GOFLAGS", "GO111MODULE",
}

// environment is the environment of go build.
func (b *goBuild) environment(ctx context.Context) ([]string, error) {
	cmd := b.cmd(ctx, append([]string{"env", "-json", "GOFLAGS"}, goKept...)...)
	cmd.Env = b.environ
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("go does not run in %s: %w\n%s", b.Dir, err, strings.TrimSpace(stderr.String()))
	}
	settings := map[string]string{}
	if err := json.Unmarshal(out, &settings); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}

	var env []string
	for _, variable := range b.environ {
		name, _, _ := strings.Cut(variable, "=")
		fixed := slices.ContainsFunc(goFixed, func(s string) bool { return strings.HasPrefix(s, name+"=") })
		if fixed || name == "GOOS" || name == "GOARCH" || slices.Contains(goDropped, name) || slices.Contains(goKept, name) ||
			strings.HasPrefix(name, "CGO_") {
			continue
		}
		env = append(env, variable)
	}
	for _, name := range goKept {
		if settings[name] != "" {
			env = append(env, name+"="+settings[name])
		}
	}
	env = append(env, goFixed...)
	env = append(env, "GOOS="+b.os, "GOARCH="+b.Arch)
	// Words such as -gcflags or -race, on one developer's machine only, would
	// change the bytes and redeploy the function. Where modules come from is a
	// matter of the machine and does not.
	if words := moduleFlags(settings["GOFLAGS"]); len(words) > 0 {
		env = append(env, "GOFLAGS="+strings.Join(words, " "))
	}
	return env, nil
}

// moduleFlags returns the words of a GOFLAGS which say where modules come from.
func moduleFlags(goflags string) []string {
	var kept []string
	for _, word := range splitQuoted(goflags) {
		flag := strings.TrimPrefix(strings.TrimPrefix(strings.Trim(word, `'"`), "-"), "-")
		name, _, _ := strings.Cut(flag, "=")
		switch name {
		case "mod", "modfile", "modcacherw":
			kept = append(kept, word)
		}
	}
	return kept
}

// splitQuoted splits GOFLAGS as go does: at white space, where a whole word may
// stand in quotes. The quotes are kept. A quote without an end is left to go,
// which explains it.
func splitQuoted(s string) []string {
	var words []string
	for s = strings.TrimLeft(s, " \t\r\n"); s != ""; s = strings.TrimLeft(s, " \t\r\n") {
		end := strings.IndexAny(s, " \t\r\n")
		if s[0] == '"' || s[0] == '\'' {
			end = strings.IndexByte(s[1:], s[0])
			if end >= 0 {
				end += 2
			}
		}
		if end < 0 {
			end = len(s)
		}
		words = append(words, s[:end])
		s = s[end:]
	}
	return words
}

// cmd is a go command in the build's directory. There is no shell: what is in
// the options reaches go as it is.
func (b *goBuild) cmd(ctx context.Context, args ...string) *exec.Cmd {
	// #nosec G204 -- go with options that newGoBuild has checked.
	cmd := exec.CommandContext(ctx, b.goTool, args...)
	cmd.Dir = b.dir
	cmd.Env = b.env
	// An interrupt lets go stop its compilers and remove its temporary files.
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// command runs go and returns what it writes.
func (b *goBuild) command(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := b.cmd(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
