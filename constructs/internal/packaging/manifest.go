package packaging

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// blockSize is the unit in which files are hashed and compressed. Smaller
// blocks compress worse, larger ones leave cores idle at the end of a large
// file. Changing it changes the bytes of every package with a larger file:
// change formatVersion too.
const blockSize = 1 << 20

// source is a file to package.
type source struct {
	name string
	// path is where to read it.
	path string
	size int64
	mode uint32
	// digests are the SHA-256 of each block.
	digests [][sha256.Size]byte
}

// blocks is the number of blocks; an empty file has one empty block.
func (s *source) blocks() int {
	return int(max(1, (s.size+blockSize-1)/blockSize))
}

// manifest is the list of files to package, sorted by name.
type manifest []source

// errChanged says that a file is not what it was a moment ago.
var errChanged = errors.New("changed while it was being packaged")

// workers is how many blocks are worked on at the same time. Each compressor
// takes memory, and beyond 16 the disk is the limit.
func workers() int { return min(runtime.GOMAXPROCS(0), 16) }

// buffers are the places where blocks are read to.
var buffers = sync.Pool{New: func() any { return new([blockSize + 1]byte) }}

// digest fills in the digests of all blocks, on all cores, and returns what
// could not be read. The error is that of the context.
func (m manifest) digest(ctx context.Context) (problems, error) {
	type job struct{ file, block int }
	jobs := make([]job, 0, len(m))
	for i := range m {
		m[i].digests = make([][sha256.Size]byte, m[i].blocks())
		for n := range m[i].digests {
			jobs = append(jobs, job{i, n})
		}
	}

	var (
		next  atomic.Int64
		mu    sync.Mutex
		wrong problems
	)
	g, ctx := errgroup.WithContext(ctx)
	for range min(workers(), len(jobs)) {
		g.Go(func() error {
			buf := buffers.Get().(*[blockSize + 1]byte)
			defer buffers.Put(buf)
			for {
				n := int(next.Add(1)) - 1
				if n >= len(jobs) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				file, block := &m[jobs[n].file], jobs[n].block
				content, err := file.read(block, buf)
				if err != nil {
					mu.Lock()
					if errors.Is(err, errChanged) {
						wrong.add(file.name, "%v", errChanged)
					} else {
						wrong.add(file.name, "cannot be read: %v", cause(err))
					}
					mu.Unlock()
					continue
				}
				file.digests[block] = sha256.Sum256(content)
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return wrong, nil
}

// read reads a block into buf. Each block is opened on its own, so the number of
// open files is the number of workers. A file which has not the size it had when
// it was found has changed.
func (s *source) read(block int, buf *[blockSize + 1]byte) ([]byte, error) {
	// #nosec G304 -- reading the files of the directory is the purpose.
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errChanged
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	offset := int64(block) * blockSize
	want := int(min(blockSize, s.size-offset))
	room := buf[:want]
	if block == s.blocks()-1 {
		// One byte more shows whether the file has grown.
		room = buf[:want+1]
	}
	n, err := f.ReadAt(room, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n != want {
		return nil, errChanged
	}
	return buf[:want], nil
}

// key is what the package is stored under: everything its bytes depend on.
func (m manifest) key() string {
	h := sha256.New()
	number := func(n uint64) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	io.WriteString(h, formatVersion)
	for i := range m {
		s := &m[i]
		number(uint64(len(s.name)))
		io.WriteString(h, s.name)
		number(uint64(s.mode))
		number(uint64(s.size)) // fixes the number of digests
		for n := range s.digests {
			h.Write(s.digests[n][:])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files returns what a Package says about its content.
func (m manifest) files() []File {
	files := make([]File, len(m))
	for i := range m {
		files[i] = File{Name: m[i].name, Size: m[i].size, Mode: m[i].mode}
	}
	return files
}

// size is the size of all files together.
func (m manifest) size() int64 {
	var n int64
	for i := range m {
		n += m[i].size
	}
	return n
}
