package packaging

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zip"
	"golang.org/x/sync/errgroup"
)

// formatVersion names the bytes which writeZip makes of a manifest. It is part
// of the cache key: change it whenever the golden digest in zip_test.go changes,
// or old bytes would come from the cache of one machine and new ones from
// another.
const formatVersion = "aegis package 1\n"

// level is the compression level. Against zip -6 the packages are as large for the
// sources of Go's standard library (128 MB, +0.1 %), 2.3 % larger for the text of
// BenchmarkPackage and 3.8 % larger for a Go program, in about a quarter of zip's
// time on one core. Level 7 takes 2.5 times as long as level 6 for 2 % less, level
// 9 eleven times as long for 5 %; level 4 is 12 % faster and 5 % larger.
const level = 6

// Fields of a zip entry. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
const (
	flagDescriptor = 0x8   // 4.4.4 bit 3: sizes follow the data
	flagUTF8       = 0x800 // 4.4.4 bit 11: the name is UTF-8
	version20      = 20    // 4.4.3: deflate
	madeByUnix     = 3 << 8
	// date1980 is 1980-01-01, the first day the format knows: bits 9-15 count
	// years from 1980, 5-8 months and 0-4 days from one.
	date1980    = 0<<9 | 1<<5 | 1
	regularFile = 0o100000 << 16 // S_IFREG, in the upper half of the attributes
)

// block is a part of a file on its way through the workers.
type block struct {
	source *source
	number int
	buf    *[blockSize + 1]byte

	// Set by the worker.
	content []byte
	packed  bytes.Buffer
	err     error
	done    chan struct{}
}

var (
	blocks  = sync.Pool{New: func() any { return new(block) }}
	writers = sync.Pool{New: func() any {
		w, err := flate.NewWriter(io.Discard, level)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		return w
	}}
)

// writeZip writes the files to w. The bytes depend on nothing but the manifest:
// the workers compress blocks in any order, each block on its own, and they are
// written in the order of the files. At most three blocks for each worker are in
// memory.
func writeZip(ctx context.Context, w io.Writer, m manifest, workers int) error {
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan *block)
	queue := make(chan *block, 2*workers)

	g.Go(func() error {
		defer close(work)
		defer close(queue)
		for i := range m {
			for n := range m[i].blocks() {
				b := blocks.Get().(*block)
				b.source, b.number, b.err = &m[i], n, nil
				b.buf = buffers.Get().(*[blockSize + 1]byte)
				b.done = make(chan struct{})
				select {
				case queue <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case work <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			fw := writers.Get().(*flate.Writer)
			defer writers.Put(fw)
			for b := range work {
				b.err = b.compress(fw)
				close(b.done)
			}
			return nil
		})
	}
	g.Go(func() error {
		buffered := bufio.NewWriterSize(w, 1<<18)
		zw := zipWriter{zip: zip.NewWriter(buffered)}
		for b := range queue {
			select {
			case <-b.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if b.err != nil {
				return fmt.Errorf("%s: %w", printable(b.source.name), cause(b.err))
			}
			if err := zw.add(b); err != nil {
				return err
			}
			buffers.Put(b.buf)
			b.source, b.buf, b.content = nil, nil, nil
			blocks.Put(b)
		}
		// A cancelled producer closes the queue too.
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := zw.zip.Close(); err != nil {
			return err
		}
		return buffered.Flush()
	})
	return g.Wait()
}

// compress reads the block, checks that it is what was hashed for the key, and
// compresses it.
func (b *block) compress(fw *flate.Writer) error {
	content, err := b.source.read(b.number, b.buf)
	if err != nil {
		return err
	}
	if sha256.Sum256(content) != b.source.digests[b.number] {
		return errChanged
	}
	b.content = content
	b.packed.Reset()
	fw.Reset(&b.packed)
	if _, err := fw.Write(content); err != nil {
		return err
	}
	if b.last() {
		return fw.Close()
	}
	// A sync flush ends on a byte, so that the next block can follow.
	return fw.Flush()
}

func (b *block) last() bool { return b.number == b.source.blocks()-1 }

// zipWriter writes blocks, in order, as entries.
type zipWriter struct {
	zip    *zip.Writer
	header *zip.FileHeader
	entry  io.Writer
}

func (z *zipWriter) add(b *block) error {
	if b.number == 0 {
		if err := z.open(b); err != nil {
			return err
		}
	}
	packed := b.packed.Bytes()
	if z.header.Method == zip.Store {
		packed = b.content
	}
	if _, err := z.entry.Write(packed); err != nil {
		return err
	}
	if b.source.blocks() > 1 {
		// The descriptor behind the data and the central directory are written
		// from the header later.
		h := z.header
		h.CRC32 = crc32.Update(h.CRC32, crc32.IEEETable, b.content)
		h.CompressedSize64 += uint64(len(packed))
		h.CompressedSize = uint32(h.CompressedSize64) //nolint:staticcheck // the descriptor is written from this field
	}
	return nil
}

// open starts the entry of a block's file.
func (z *zipWriter) open(b *block) error {
	s := b.source
	h := &zip.FileHeader{
		Name:               s.name,
		CreatorVersion:     madeByUnix | version20,
		ReaderVersion:      version20,
		Method:             zip.Deflate,
		ModifiedDate:       date1980, //nolint:staticcheck // Modified would add an extended timestamp
		ExternalAttrs:      regularFile | s.mode<<16,
		UncompressedSize64: uint64(s.size),
	}
	// The format's own encoding is CP437 and some readers take the local one, in
	// which "\\" and "~" can be other characters: such names need the flag too.
	if strings.ContainsFunc(s.name, func(r rune) bool { return r < ' ' || r > '}' || r == '\\' }) {
		h.Flags |= flagUTF8
	}
	switch {
	case s.blocks() > 1:
		// Always deflated: a reader that streams finds the end of a stored entry
		// with a descriptor only by guessing.
		h.Flags |= flagDescriptor
	case b.packed.Len() >= len(b.content):
		h.Method = zip.Store
		h.CRC32 = crc32.ChecksumIEEE(b.content)
		h.CompressedSize64 = h.UncompressedSize64
	default:
		h.CRC32 = crc32.ChecksumIEEE(b.content)
		h.CompressedSize64 = uint64(b.packed.Len())
	}
	var err error
	z.header = h
	z.entry, err = z.zip.CreateRaw(h)
	return err
}
