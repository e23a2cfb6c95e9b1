package content

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// hashVersion stands at the start of what is hashed: change it when the same
// sources shall get another hash, and with it every image another tag.
const hashVersion = "aegis docker build 1"

// workers is how many files are read at the same time: beyond 16 the disk is the
// limit.
func workers() int { return min(runtime.GOMAXPROCS(0), 16) }

// digest fills in the digests of all files and returns what could not be read.
func (fs files) digest(ctx context.Context, root string, open func(string) (*os.File, error)) problems {
	var (
		next  atomic.Int64
		mu    sync.Mutex
		wrong problems
		wg    sync.WaitGroup
	)
	for range min(workers(), len(fs)) {
		wg.Go(func() {
			h, buf := sha256.New(), make([]byte, 256<<10)
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(fs) {
					return
				}
				f := &fs[n]
				if f.isLink {
					f.digest = sha256.Sum256([]byte(f.link))
					continue
				}
				if err := f.read(filepath.Join(root, filepath.FromSlash(f.name)), open, h, buf); err != nil {
					mu.Lock()
					wrong.add(f.name, "ContextDir: must be readable, got %s: %v", printable(f.name), cause(err))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return wrong
}

func (f *file) read(path string, open func(string) (*os.File, error), h hash.Hash, buf []byte) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	h.Reset()
	// Without the wrapper io.CopyBuffer asks *os.File to write itself and leaves
	// buf alone.
	f.size, err = io.CopyBuffer(h, struct{ io.Reader }{r}, buf)
	h.Sum(f.digest[:0])
	return err
}

// hash puts together everything that the image depends on. Each text is written
// with its length in front, so that no two inputs run into each other.
func (d Docker) hash(fs files, dockerfile []byte) string {
	h := fields{sha256.New()}
	h.text(hashVersion)
	h.number(len(fs))
	for i := range fs {
		f := &fs[i]
		h.text(f.name)
		switch {
		case f.isLink:
			h.text("link")
		case f.executable:
			h.text("0755")
		default:
			h.text("0644")
		}
		h.hash.Write(f.digest[:])
	}
	h.text(string(dockerfile))
	h.pairs(d.BuildArgs)
	h.text(d.Target)
	h.list(d.Platforms)
	h.pairs(d.Labels)
	ids := make([]string, len(d.Secrets))
	for i, s := range d.Secrets {
		ids[i] = s.ID
	}
	h.list(ids)
	if d.ForLambda {
		h.text("for lambda") // another kind of manifest
	}
	return hex.EncodeToString(h.hash.Sum(nil))
}

type fields struct{ hash hash.Hash }

func (h fields) number(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.hash.Write(b[:])
}

func (h fields) text(s string) {
	h.number(len(s))
	io.WriteString(h.hash, s)
}

// list writes a list whose order and repetitions mean nothing.
func (h fields) list(values []string) {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	h.number(len(values))
	for _, v := range values {
		h.text(v)
	}
}

func (h fields) pairs(m map[string]string) {
	h.number(len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		h.text(key)
		h.text(m[key])
	}
}
