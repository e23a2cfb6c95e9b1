package builder

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// engine runs docker, or what has its commands.
type engine struct {
	program *program
	binary  string // as the user names it
	path    string
	config  string // the isolated configuration
	guard   *guard
	buildx  *version
}

// stopWithin is how long docker may take to stop after an interrupt.
const stopWithin = 10 * time.Second

// command is docker with arguments. There is no shell.
func (e *engine) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.path, args...)
	cmd.Env = e.environment()
	// Not a process group of its own: at a terminal, Ctrl-C must reach docker and
	// its plugins even if Terraform kills this program before it can pass it on.
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = stopWithin
	return cmd
}

// output runs docker and returns what it writes.
func (e *engine) output(ctx context.Context, stdin string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := e.command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := e.run(cmd)
	return out.String(), err
}

// stream runs docker and shows what it writes; the end of it is returned.
func (e *engine) stream(ctx context.Context, args ...string) (string, error) {
	t := &tail{out: e.program.out}
	cmd := e.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = t, t
	err := e.run(cmd)
	return string(t.kept), err
}

// run runs a command that the guard knows of.
func (e *engine) run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	e.guard.watch(cmd.Process.Pid)
	defer e.guard.watch(0)
	return cmd.Wait()
}

// ping checks that there is an engine behind the program.
func (e *engine) ping(ctx context.Context) error {
	out, err := e.output(ctx, "", "version")
	if err != nil {
		return e.explain(ctx, "version", out, err, nil)
	}
	return nil
}

// login gives docker the password for the registry, on standard input.
func (e *engine) login(ctx context.Context, to *registry) error {
	if to.login == nil {
		return nil
	}
	out, err := e.output(ctx, to.login.Password, "login", "--username", to.login.Username, "--password-stdin", to.repository.RegistryStr())
	if err != nil {
		return e.explain(ctx, "login", out, err, to)
	}
	return nil
}

// version is the version of buildx.
type version struct{ major, minor int }

func (v *version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// buildxVersion is what docker buildx version prints. podman has a command of this
// name too, which does not know --push, and prints something else.
var buildxVersion = regexp.MustCompile(`docker/buildx v?(\d+)\.(\d+)`)

// findBuildx returns the version of buildx, or nil if there is none. A build of
// buildx without a version number counts as a new one.
func (e *engine) findBuildx(ctx context.Context) (*version, error) {
	out, err := e.output(ctx, "", "buildx", "version")
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || !strings.Contains(out, "docker/buildx") {
		return nil, nil //nolint:nilerr // not being there is the answer
	}
	m := buildxVersion.FindStringSubmatch(out)
	if m == nil {
		return &version{1, 0}, nil
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return &version{major, minor}, nil
}

// tailSize is how much of docker's output is kept to find out why it failed.
const tailSize = 64 << 10

// tail passes on what is written and keeps the end of it.
type tail struct {
	out  io.Writer
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - tailSize; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return t.out.Write(p)
}
