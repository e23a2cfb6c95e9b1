package builder

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// fakeVariable names the directory of the fake docker's script and log.
const fakeVariable = "AEGIS_TEST_FAKE_DOCKER"

// answer is what the fake does for a command that begins with Command.
type answer struct {
	Command string
	Out     string
	Code    int
	// Wait lets it wait for an interrupt.
	Wait bool
	// Push is the host of the registry to which it pushes an image with the labels
	// of its arguments.
	Push string
}

// call is what the fake was started with.
type call struct {
	Args   []string
	Stdin  string
	Config string // the content of config.json
	Dir    string // DOCKER_CONFIG
	Env    []string
}

func fakeDocker(args []string) int {
	dir := os.Getenv(fakeVariable)
	c := call{Args: args, Dir: os.Getenv("DOCKER_CONFIG"), Env: os.Environ()}
	stdin, _ := io.ReadAll(os.Stdin)
	config, _ := os.ReadFile(filepath.Join(c.Dir, "config.json"))
	c.Stdin, c.Config = string(stdin), string(config)
	line, _ := json.Marshal(c)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		fmt.Println(err)
		return 99
	}
	_, _ = log.Write(append(line, '\n'))
	_ = log.Close()

	var script []answer
	text, _ := os.ReadFile(filepath.Join(dir, "script"))
	_ = json.Unmarshal(text, &script)
	for _, a := range script {
		if !strings.HasPrefix(strings.Join(args, " "), a.Command) {
			continue
		}
		fmt.Fprint(os.Stderr, a.Out)
		if a.Wait {
			interrupted := make(chan os.Signal, 1)
			signal.Notify(interrupted, os.Interrupt)
			_ = os.WriteFile(filepath.Join(dir, "waiting"), nil, 0o644)
			select {
			case <-interrupted:
				_ = os.WriteFile(filepath.Join(dir, "interrupted"), nil, 0o644)
				return 130
			case <-time.After(30 * time.Second):
				return 98
			}
		}
		if a.Push != "" {
			if err := fakePush(args, a.Push); err != nil {
				fmt.Println(err)
				return 97
			}
		}
		return a.Code
	}
	fmt.Printf("docker: '%s' is not a docker command.\n", strings.Join(args, " "))
	return 1
}

// fakePush pushes an empty image with the labels, under the tag, of a build.
func fakePush(args []string, host string) error {
	labels, tag := map[string]string{}, ""
	for _, arg := range args {
		if label, ok := strings.CutPrefix(arg, "--label="); ok {
			key, value, _ := strings.Cut(label, "=")
			labels[key] = value
		}
		if ref, ok := strings.CutPrefix(arg, "--tag="); ok {
			tag = ref
		}
	}
	if tag == "" {
		tag = args[len(args)-1] // docker push
	}
	_, path, _ := strings.Cut(tag, "/")
	ref, err := name.ParseReference(host + "/" + path)
	if err != nil {
		return err
	}
	img, err := mutate.Config(empty.Image, v1.Config{Labels: labels})
	if err != nil {
		return err
	}
	return remote.Write(ref, img)
}

// withDocker puts the fake first in PATH. The script is in the order in which it is
// looked through. calls returns how it was started so far.
func withDocker(t *testing.T, script ...answer) (dir string, calls func() []call) {
	t.Helper()
	dir, bin, home := t.TempDir(), t.TempDir(), t.TempDir()
	linkTo(t, bin, "docker")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(fakeVariable, dir)
	t.Setenv("HOME", home)
	t.Setenv("TMPDIR", t.TempDir())
	for _, name := range []string{"DOCKER_CONFIG", "BUILDX_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} {
		t.Setenv(name, "")
	}
	text, err := json.Marshal(script)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "script"), text, 0o644))
	return dir, func() []call {
		text, err := os.ReadFile(filepath.Join(dir, "log"))
		if os.IsNotExist(err) {
			return nil
		}
		must(t, err)
		var list []call
		for line := range strings.Lines(string(text)) {
			var c call
			must(t, json.Unmarshal([]byte(line), &c))
			list = append(list, c)
		}
		return list
	}
}

// buildx is an engine with buildx that pushes to a registry.
func buildx(host string) []answer {
	return []answer{
		{Command: "version"},
		{Command: "login", Out: "Login Succeeded\n"},
		{Command: "buildx version", Out: "github.com/docker/buildx v0.24.0 d0e5e86c8b88ae4865040bc96917c338f4dd673c\n"},
		{Command: "buildx build", Out: "#1 building\n", Push: host},
	}
}

// plain is an engine without buildx.
func plain(host string) []answer {
	return []answer{
		{Command: "version"},
		{Command: "login", Out: "Login Succeeded\n"},
		{Command: "buildx", Out: "docker: 'buildx' is not a docker command.\n", Code: 1},
		{Command: "build", Out: "Step 1/2 : FROM scratch\n"},
		{Command: "push", Out: "The push refers to repository\n", Push: host},
	}
}

// commands are the commands of some calls, without their flags.
func commands(calls []call) []string {
	var list []string
	for _, c := range calls {
		word := c.Args[0]
		if word == "buildx" {
			word += " " + c.Args[1]
		}
		list = append(list, word)
	}
	return list
}

// leftovers are what the program has left in its temporary directory.
func leftovers(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "aegis-docker-*"))
	must(t, err)
	return found
}
