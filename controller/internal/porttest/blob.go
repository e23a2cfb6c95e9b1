package porttest

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Blob runs the suite of port.Blob. open returns an empty store for each test.
func Blob(t *testing.T, open func(t *testing.T) port.Blob) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, port.Blob){
		"objects":  blobObjects,
		"limits":   blobLimits,
		"keys":     blobKeys,
		"at once":  blobAtOnce,
		"contents": blobContents,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

const json = "application/json"

func blobObjects(t *testing.T, b port.Blob) {
	const name = "artifacts/w1/report.md"
	if _, err := b.Get(t.Context(), name, 10); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("Get of nothing: %v", err)
	}
	for _, text := range []string{"one", "two"} { // the later one counts
		if err := b.Put(t.Context(), name, "text/markdown", []byte(text)); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	if got, err := b.Get(t.Context(), name, 10); err != nil || string(got) != "two" {
		t.Errorf("Get: %q %v", got, err)
	}
	if _, err := b.Get(t.Context(), "artifacts/w1", 10); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("Get of what is above an object: %v", err)
	}
	if _, err := b.Get(t.Context(), name+"/below", 10); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("Get of what is below an object: %v", err)
	}
}

func blobLimits(t *testing.T, b port.Blob) {
	if err := b.Put(t.Context(), "k", json, []byte("12345")); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if got, err := b.Get(t.Context(), "k", 5); err != nil || string(got) != "12345" {
		t.Errorf("at the limit: %q %v", got, err)
	}
	if _, err := b.Get(t.Context(), "k", 4); !errors.Is(err, task.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
}

func blobContents(t *testing.T, b port.Blob) {
	for name, data := range map[string][]byte{
		"empty": {}, "binary": {0, 0xff, '\r', '\n', 0x80}, "large": bytes.Repeat([]byte("0123456789abcdef"), 5<<16),
	} {
		if err := b.Put(t.Context(), name, "application/octet-stream", data); err != nil {
			t.Errorf("Put %s: %v", name, err)
		}
		got, err := b.Get(t.Context(), name, len(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("Get %s: %d bytes of %d, %v", name, len(got), len(data), err)
		}
	}
}

func blobKeys(t *testing.T, b port.Blob) {
	ref := task.Ref{SHA256: strings.Repeat("0a", 32), Size: 1}
	for _, key := range []string{port.ObjectPrefix + ref.Key(), "a", "a.b/c_d/e-f=g", ".hidden", "a..b", strings.Repeat("b/", 255) + "ab"} {
		if err := b.Put(t.Context(), key, json, []byte("1")); err != nil {
			t.Errorf("Put %q: %v", key, err)
		}
		if _, err := b.Get(t.Context(), key, 1); err != nil {
			t.Errorf("Get %q: %v", key, err)
		}
	}
	for _, key := range []string{"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a b", "a\x00", "é", "a:b", strings.Repeat("a/", 256) + "a", strings.Repeat("a", 256)} {
		if err := b.Put(t.Context(), key, json, []byte("1")); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("Put %q: %v", key, err)
		}
		if _, err := b.Get(t.Context(), key, 1); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("Get %q: %v", key, err)
		}
	}
}

// Whoever reads while others write gets one of the contents, whole.
func blobAtOnce(t *testing.T, b port.Blob) {
	texts := []string{strings.Repeat("a", 64<<10), strings.Repeat("b", 32<<10)}
	if err := b.Put(t.Context(), "k", json, []byte(texts[0])); err != nil {
		t.Fatalf("Put: %v", err)
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 5 {
				if err := b.Put(t.Context(), "k", json, []byte(texts[i%2])); err != nil {
					t.Errorf("Put: %v", err)
				}
				got, err := b.Get(t.Context(), "k", 64<<10)
				if err != nil || cmp.Equal(string(got), texts[0]) == cmp.Equal(string(got), texts[1]) {
					t.Errorf("Get: %d bytes, %v", len(got), err)
				}
			}
		})
	}
	group.Wait()
}
