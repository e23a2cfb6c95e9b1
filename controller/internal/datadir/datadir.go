package datadir

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"github.com/aegis-agents/aegis/controller/task"
)

// ErrInUse is a folder that another process uses.
var ErrInUse = errors.New("in use")

// Dir is a folder that this process uses.
type Dir struct {
	path string
	lock *flock.Flock
}

// Runner is where a process listens.
type Runner struct {
	PID   int    `json:"pid"`
	URL   string `json:"url"`   // of the API, on loopback
	Token string `json:"token"` // that the API wants to see
}

const (
	lockName   = "lock"
	runnerName = "runner.json"
	keysName   = "keys.json"
)

// Open makes the folder, if need be, and takes it. ErrInUse.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	// The kernel gives the lock back when the process ends, however it ends.
	lock := flock.New(filepath.Join(path, lockName), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lock.Path(), err)
	}
	if !taken {
		return nil, inUse(path)
	}
	if err := os.WriteFile(lock.Path(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &Dir{path: path, lock: lock}, nil
}

func inUse(path string) error {
	owner := "another process"
	if data, err := os.ReadFile(filepath.Join(path, lockName)); err == nil && len(data) > 0 {
		owner = "process " + strings.TrimSpace(string(data))
	}
	return fmt.Errorf("the data directory %s is %w by %s, which holds %s: stop it, or choose another with --data-dir",
		path, ErrInUse, owner, filepath.Join(path, lockName))
}

// Close gives the folder back.
func (d *Dir) Close() error {
	err := os.Remove(d.File(runnerName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, d.lock.Unlock())
}

// Path is the folder's absolute path.
func (d *Dir) Path() string { return d.path }

// File is the path of something in the folder.
func (d *Dir) File(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// Publish says where this process listens.
func (d *Dir) Publish(r Runner) error {
	return d.write(runnerName, r)
}

// Find returns where the process that uses the folder listens. It may have
// ended without taking that back; ErrInUse of Open tells.
func Find(path string) (r Runner, found bool, err error) {
	data, err := os.ReadFile(filepath.Join(path, runnerName))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, false, fmt.Errorf("%s: %w", filepath.Join(path, runnerName), err)
	}
	return r, true, nil
}

// keys is what a secret holds on AWS too.
type keys struct {
	Current string            `json:"current"`
	Keys    map[string][]byte `json:"keys"`
}

// Keyring returns the keys of MACs, which are made at the first time.
func (d *Dir) Keyring() (*task.Keyring, error) {
	var k keys
	data, err := os.ReadFile(d.File(keysName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		const size = 32 // the least that a ring takes, and as much as SHA-256 has use for
		secret := make([]byte, size)
		rand.Read(secret)
		k = keys{Current: "k1", Keys: map[string][]byte{"k1": secret}}
		if err := d.write(keysName, k); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(data, &k); err != nil {
			return nil, fmt.Errorf("%s: %w", d.File(keysName), err)
		}
	}
	return task.NewKeyring(k.Current, k.Keys)
}

// write replaces a file that its owner alone may read. A crash leaves the old
// one or the new one.
func (d *Dir) write(name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(d.path, "."+name+"-*") // with the mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), d.File(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
