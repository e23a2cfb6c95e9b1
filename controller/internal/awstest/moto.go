package awstest

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// motoStart is how long the emulator may take to start: some seconds, on a busy
// machine a multiple.
const motoStart = 2 * time.Minute

var moto struct {
	once  sync.Once
	url   string
	stdin io.Closer // keeps the emulator alive, and must not be collected
	err   error
	skip  string
}

// Moto returns an SDK configuration for moto, the emulator of AWS, over HTTP. One
// is started for all tests of a package, and ends with them. A test is skipped when
// the virtual environment that it runs in was not made.
func Moto(t testing.TB) aws.Config {
	t.Helper()
	moto.once.Do(startMoto)
	switch {
	case moto.skip != "":
		t.Skip(moto.skip)
	case moto.err != nil:
		t.Fatalf("the emulator does not start: %v", moto.err)
	}
	return config(moto.url)
}

// Name returns a name for something in the emulator that no other test, and no
// earlier run of the same one, has given: lower case, as buckets want it.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }

// MotoRunsWorkflows makes the emulator carry out state machines, which by default
// it only remembers.
// https://docs.getmoto.org/en/latest/docs/configuration/index.html
func MotoRunsWorkflows(t testing.TB) {
	t.Helper()
	Moto(t)
	body := strings.NewReader(`{"stepfunctions":{"execute_state_machine":true}}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, moto.url+"/moto-api/config", body)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("configuring the emulator: %v", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("configuring the emulator: %s", reply.Status)
	}
}

func startMoto() {
	root, err := moduleRoot()
	if err != nil {
		moto.err = err
		return
	}
	python := filepath.Join(root, ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		moto.skip = "the emulator is not installed: make .venv"
		return
	}
	// It ends when its standard input does, so with this process, however that ends.
	cmd := exec.CommandContext(context.Background(), python, "-B", filepath.Join(root, "controller", "internal", "awstest", "testdata", "emulator.py"))
	cmd.Env = motoEnvironment()
	var stderr Output
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		moto.err = err
		return
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		moto.err = err
		return
	}
	if err := cmd.Start(); err != nil {
		moto.err = err
		return
	}
	moto.stdin = stdin
	timer := time.AfterFunc(motoStart, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		moto.err = fmt.Errorf("%w\n%s", err, stderr.String())
		return
	}
	moto.url = "http://127.0.0.1:" + strings.TrimSpace(port)
}

// moduleRoot is the folder of go.mod, above the package's that is tested.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", os.ErrNotExist
		}
		dir = parent
	}
}

// motoEnvironment leaves out what configures AWS clients here: the emulator is one
// itself, and a proxy or a profile would lead it elsewhere.
func motoEnvironment() []string {
	env := []string{
		"AWS_DEFAULT_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"NO_PROXY=localhost,127.0.0.1", "no_proxy=localhost,127.0.0.1",
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(strings.ToUpper(variable), "NO_PROXY=") {
			env = append(env, variable)
		}
	}
	return env
}
