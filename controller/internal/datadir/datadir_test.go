package datadir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/datadir"
	"github.com/aegis-agents/aegis/controller/task"
)

func TestDir(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	d, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = datadir.Open(path)
	if !errors.Is(err, datadir.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("by process %d, which holds %s", os.Getpid(), filepath.Join(path, "lock"))) {
		t.Errorf("a second process: %v", err)
	}
	if _, found, err := datadir.Find(path); found || err != nil {
		t.Error(found, err)
	}
	if err := d.Publish(datadir.Runner{PID: 1, URL: "u", Token: "t"}); err != nil {
		t.Fatal(err)
	}
	if r, found, err := datadir.Find(path); r.Token != "t" || !found || err != nil {
		t.Error(r, found, err)
	}
	first, err := d.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"keys.json", "runner.json", "lock"} {
		info, err := os.Stat(d.File(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.Keyring()
	if err != nil {
		t.Fatal(err)
	}
	id, now := task.NewID("w", "s", 0, 0), time.Now()
	if err := second.Verify(id, first.Sign(id, now.Add(time.Hour)), now); err != nil {
		t.Errorf("the keys are others: %v", err)
	}
	if _, found, err := datadir.Find(path); found || err != nil {
		t.Error("where it listened is left", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
