package awstest

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var moto struct {
	once     sync.Once
	emulator *Emulator
	err      error
	skip     string
}

// Moto returns an SDK configuration for an Emulator. One is started for all tests
// of a package, and ends with them. A test is skipped when the virtual environment
// that it runs in was not made.
func Moto(t testing.TB) aws.Config {
	t.Helper()
	moto.once.Do(startMoto)
	switch {
	case moto.skip != "":
		t.Skip(moto.skip)
	case moto.err != nil:
		t.Fatalf("the emulator does not start: %v", moto.err)
	}
	return config(moto.emulator.URL)
}

// Name returns a name for something in the emulator that no other test, and no
// earlier run of the same one, has given: lower case, as buckets want it.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }

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
	moto.emulator, moto.err = StartEmulator(python, motoEnvironment())
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

// motoEnvironment leaves out what configures AWS clients here: a profile or a proxy
// would lead the emulator elsewhere.
func motoEnvironment() []string {
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(strings.ToUpper(variable), "NO_PROXY=") {
			env = append(env, variable)
		}
	}
	return env
}
