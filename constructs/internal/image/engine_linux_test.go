package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// engineVariable turns on the tests with a real Docker engine and a real registry,
// which are started and stopped here. "require" makes it a failure when they are
// not to be had.
const engineVariable = "AEGIS_DOCKER_TEST"

// without says plainly that nothing was tested.
func without(t *testing.T, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	if os.Getenv(engineVariable) == "require" {
		t.Fatal(text)
	}
	t.Skip("SKIPPED, nothing was tested with Docker: " + text)
}

// engine is a Docker engine with a registry, on sockets and ports of their own.
type engine struct {
	host       string // DOCKER_HOST
	registry   string // 127.0.0.1:…
	repository string
	program    string
	env        []string
}

// startEngine starts both for one test. Debian has them in docker.io and
// docker-registry. The engine gets no network: containers use the host's.
func startEngine(t *testing.T) *engine {
	t.Helper()
	if os.Getenv(engineVariable) == "" {
		t.Skip("SKIPPED, set " + engineVariable + "=1 to test with a real Docker engine")
	}
	var tools []string
	for _, tool := range []string{"docker", "dockerd", "docker-registry"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			without(t, "%s is not installed (Debian: apt-get install docker.io docker-registry)", tool)
		}
		tools = append(tools, path)
	}
	if os.Geteuid() != 0 {
		without(t, "dockerd needs root")
	}
	// Short, because a socket's path has at most 107 bytes.
	dir, err := os.MkdirTemp("/tmp", "aegis-engine") //nolint:usetesting // see above
	must(t, err)
	t.Cleanup(func() {
		// dockerd leaves the network namespace mounted which its containers shared.
		mounts, _ := os.ReadFile("/proc/self/mounts")
		for line := range strings.Lines(string(mounts)) {
			if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], dir+"/") {
				_ = syscall.Unmount(fields[1], 0)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})

	e := &engine{host: "unix://" + dir + "/docker.sock", registry: freeAddress(t)}
	config := filepath.Join(dir, "registry.yml")
	must(t, os.WriteFile(config, fmt.Appendf(nil, "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: %s}\n", dir, e.registry), 0o644))
	daemon(t, dir, tools[2], "serve", config)
	waitUntil(t, dir, "docker-registry", func() bool {
		resp, err := http.Get("http://" + e.registry + "/v2/")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	daemon(t, dir, tools[1], "--host="+e.host, "--data-root="+dir+"/data", "--exec-root="+dir+"/exec", "--pidfile="+dir+"/dockerd.pid",
		"--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none", "--log-level=error")
	e.env = []string{"DOCKER_HOST=" + e.host, "DOCKER_CONFIG=" + t.TempDir()}
	waitUntil(t, dir, "dockerd", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, tools[0], "version")
		cmd.Env = append(os.Environ(), e.env...)
		return cmd.Run() == nil
	})
	e.repository = e.registry + "/agents/one"
	e.program, _, err = Program(t.Context(), runtime.GOOS, runtime.GOARCH)
	must(t, err)
	return e
}

// daemon starts a program and stops it, by its process, when the test ends.
func daemon(t *testing.T, dir, path string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, filepath.Base(path)+".log"))
	must(t, err)
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	t.Cleanup(func() {
		defer log.Close()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-gone
		}
	})
}

func waitUntil(t *testing.T, dir, daemon string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if ready() {
			return
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, daemon+".log"))
	without(t, "%s has not started within a minute:\n%s", daemon, log)
}

// freeAddress is an address on the loopback interface that nobody uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func (e *engine) docker(t *testing.T, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), e.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// push runs the program as Terraform does.
func (e *engine) push(t *testing.T, j Job, env ...string) (out string, code int) {
	t.Helper()
	text, err := j.Encode()
	must(t, err)
	return start(t, e.program, slices.Concat(e.env, []string{EnvJob + "=" + text, EnvRepository + "=" + e.repository, "TMPDIR=" + t.TempDir()}, env), Command)
}

// digest is what the registry has.
func (e *engine) digest(t *testing.T, tag string) string {
	t.Helper()
	ref, err := name.ParseReference(e.repository + ":" + tag)
	must(t, err)
	d, err := remote.Head(ref)
	must(t, err)
	return d.Digest.String()
}

// ping runs the image that is pinned by its digest and returns what it answers.
func (e *engine) ping(t *testing.T, digest string) string {
	t.Helper()
	address := freeAddress(t)
	id := strings.TrimSpace(string(e.docker(t, "run", "--detach", "--network=host", "--env=ADDRESS="+address, e.repository+"@"+digest)))
	defer e.docker(t, "rm", "--force", id)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/ping")
		if err != nil {
			continue
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		must(t, err)
		return string(text)
	}
	t.Fatalf("no answer:\n%s", e.docker(t, "logs", id))
	return ""
}

// agent is a small agent that says who it is.
func agent() map[string]string {
	return map[string]string{
		"go.mod": "module example.com/agent\n\ngo 1.24\n",
		"main.go": `package main

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) {
		_, temp := os.CreateTemp("", "")
		roots, err := x509.SystemCertPool()
		fmt.Fprintf(w, "uid %d, GREETING=%s, temp %v, roots %v %v", os.Getuid(), os.Getenv("GREETING"), temp, err, !roots.Equal(x509.NewCertPool()))
	})
	fmt.Println(http.ListenAndServe(os.Getenv("ADDRESS"), nil))
}
`,
	}
}

func TestEngineGo(t *testing.T) {
	e := startEngine(t)
	dir := write(t, t.TempDir(), agent())
	built := build(t, Go{Dir: dir, Package: ".", Name: "agent", Platform: "linux/" + runtime.GOARCH, Env: map[string]string{"GREETING": "two words"}})
	j := Job{Hash: built.Hash, AdditionalTags: []string{"latest"}, Immutable: true, Layout: &Layout{Path: built.Layout, Digest: built.Digest}}
	for i, want := range []string{"registry: no tag", "registry: has this image"} {
		begin := time.Now()
		out, code := e.push(t, j)
		t.Logf("%.2f s\n%s", time.Since(begin).Seconds(), out)
		if code != 0 || !strings.Contains(out, want) {
			t.Fatalf("push %d: exit %d", i, code)
		}
	}
	for _, tag := range []string{built.Hash[:12], "latest"} {
		if got := e.digest(t, tag); got != built.Digest {
			t.Errorf("%s is %s in the registry, %s at synth", tag, got, built.Digest)
		}
	}
	if got, want := e.ping(t, built.Digest), "uid 65532, GREETING=two words, temp <nil>, roots <nil> true"; got != want {
		t.Errorf("/ping: %s\nwant   %s", got, want)
	}
}

func TestEngineDocker(t *testing.T) {
	e := startEngine(t)
	dir := write(t, t.TempDir(), agent())
	run(t, dir, []string{"CGO_ENABLED=0"}, "go", "build", "-o", "agent", ".")
	write(t, dir, map[string]string{
		"Dockerfile":    "FROM scratch AS base\nARG GREETING\nENV GREETING=$GREETING\nCOPY agent /agent\nUSER 1234\nENTRYPOINT [\"/agent\"]\nFROM base AS other\nLABEL other=yes\n",
		".dockerignore": "*\n!agent\n",
	})
	d := Docker{
		Context: dir, Target: "base", BuildArgs: map[string]string{"GREETING": "two words"}, Platforms: []string{"linux/" + runtime.GOARCH},
		Labels: map[string]string{"odd": "a \"b\" $(c)\nd"},
	}
	in, err := d.Inspect(t.Context())
	must(t, err)
	j := Job{Hash: in.Hash, AdditionalTags: []string{"latest"}, Docker: &d}
	for i, want := range []string{"registry: no tag", "registry: has this image"} {
		begin := time.Now()
		out, code := e.push(t, j)
		t.Logf("%.2f s\n%s", time.Since(begin).Seconds(), out)
		if code != 0 || !strings.Contains(out, want) {
			t.Fatalf("push %d: exit %d", i, code)
		}
	}
	digest := e.digest(t, in.Hash[:12])
	if e.digest(t, "latest") != digest {
		t.Error("latest is another image")
	}
	// There is no /tmp in this image, and there are no root certificates.
	if got, want := e.ping(t, digest), "uid 1234, GREETING=two words, temp open /tmp/"; !strings.HasPrefix(got, want) {
		t.Errorf("/ping: %s\nwant   %s", got, want)
	}
	ref, err := name.ParseReference(e.repository + "@" + digest)
	must(t, err)
	img, err := remote.Image(ref)
	must(t, err)
	config, err := img.ConfigFile()
	must(t, err)
	want := map[string]string{"odd": "a \"b\" $(c)\nd", "aegis.content-hash": in.Hash}
	if diff := cmp.Diff(want, config.Config.Labels); diff != "" {
		t.Error(diff)
	}

	// A tag that moves: only a change of the content builds again.
	j.Tag = "moving"
	for _, want := range []string{"registry: no tag moving yet", "registry: has this image"} {
		if out, code := e.push(t, j); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
	d.BuildArgs = map[string]string{"GREETING": "three"}
	in, err = d.Inspect(t.Context())
	must(t, err)
	j.Hash = in.Hash
	if out, code := e.push(t, j); code != 0 || !strings.Contains(out, "registry: tag moving is another image") || e.digest(t, "moving") == digest {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestEngineContext compares what is hashed with what a real engine is sent.
func TestEngineContext(t *testing.T) {
	e := startEngine(t)
	for _, ignore := range []string{
		"", "# nothing\n\n", "*.md\n!README.md", "**/*.txt", "docs", "/docs/", "docs\n!docs/deep", "**\n!docs",
		"*/*.txt\n!docs/a.txt\ndocs/a*", "d?cs", "[a-d]*", "!docs", ".dockerignore\nDockerfile", "docs/deep/..\n", "**/deep/**",
		// The old builder does not look into a directory that is left out for an
		// exception with a wildcard; BuildKit, and the hash, do.
		"less: *\n!docs/**/*.txt", "less: docs*\n!**/b.txt",
	} {
		ignore, less := strings.CutPrefix(ignore, "less: ")
		dir := write(t, t.TempDir(), map[string]string{
			"Dockerfile": "FROM scratch\nCOPY . /\n", ".dockerignore": ignore, "README.md": "", "CHANGES.md": "", "a.txt": "", "docs/a.txt": "",
			"docs/deep/b.txt": "", "docs/deep/c.md": "", "docs2/b.txt": "", "bin/x": "",
		})
		must(t, os.Symlink("../bin/x", dir+"/docs/link"))
		must(t, os.Symlink("/nowhere", dir+"/broken"))
		in, err := Docker{Context: dir}.Inspect(t.Context())
		must(t, err)
		// The engine needs these two and takes them away if they are ignored.
		rule := func(name string) bool { return name == "Dockerfile" || name == ".dockerignore" }
		want := slices.DeleteFunc(in.ContextFiles, rule)
		tag := fmt.Sprintf("context:%d", len(want))
		e.docker(t, "build", "--tag="+tag, dir)
		var got []string
		if len(want) > 0 {
			id := strings.TrimSpace(string(e.docker(t, "create", tag, "x")))
			for tr := tar.NewReader(bytes.NewReader(e.docker(t, "export", id))); ; {
				h, err := tr.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				must(t, err)
				// What a container has besides.
				made := strings.HasPrefix(h.Name, "dev/") || strings.HasPrefix(h.Name, "etc/") || h.Name == ".dockerenv"
				if h.Typeflag != tar.TypeDir && !made && !rule(h.Name) {
					got = append(got, h.Name)
				}
			}
			e.docker(t, "rm", id)
		}
		slices.Sort(got)
		if less {
			if len(got) >= len(want) || slices.ContainsFunc(got, func(f string) bool { return !slices.Contains(want, f) }) {
				t.Errorf("%q: hashed is %q and sent is %q", ignore, want, got)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: hashed is - and sent is +:\n%s", ignore, diff)
		}
	}
}

func TestEngineErrors(t *testing.T) {
	e := startEngine(t)
	job := func(dockerfile string) Job {
		d := Docker{Context: write(t, t.TempDir(), map[string]string{"Dockerfile": dockerfile})}
		in, err := d.Inspect(t.Context())
		must(t, err)
		return Job{Hash: in.Hash, Docker: &d}
	}
	for name, tc := range map[string]struct {
		dockerfile string
		change     func(*Docker)
		env        string
		want       string
	}{
		"syntax":        {"FROM scratch\nCOPPY . /\n", nil, "", "error: the Dockerfile does not parse: "},
		"no target":     {"FROM scratch\nCOPY . /\n", func(d *Docker) { d.Target = "nope" }, "", "error: the Dockerfile has no such target: "},
		"missing file":  {"FROM scratch\nCOPY nope /\n", nil, "", "error: docker build failed: "},
		"no engine":     {"FROM scratch\nCOPY . /\n", nil, "DOCKER_HOST=unix:///tmp/no-such-engine.sock", "error: the Docker engine is not running: "},
		"two platforms": {"FROM scratch\nCOPY . /\n", func(d *Docker) { d.Platforms = []string{"linux/amd64", "linux/arm64"} }, "", "needs docker buildx, which is not there"},
	} {
		j := job(tc.dockerfile)
		if tc.change != nil {
			tc.change(j.Docker)
			in, err := j.Docker.Inspect(t.Context())
			must(t, err)
			j.Hash = in.Hash
		}
		out, code := e.push(t, j, tc.env)
		if code != 1 || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d, no %q in\n%s", name, code, tc.want, out)
		}
	}
}
