// Package packaging makes Lambda deployment packages: zip files which have the
// same bytes on every machine, in every checkout and at any time of day.
//
// A package comes from a directory ([FromDirectory]), from a Go program
// ([FromGo]) or from a zip file that exists already ([FromZip]). Finished
// packages are kept in a cache keyed by content, never by time, so an unchanged
// directory is only hashed again and not compressed again.
//
// What makes the bytes equal:
//
//   - entries are sorted bytewise, there are no directory entries, every entry
//     is dated 1980-01-01 and has mode 0644 or 0755;
//   - files are compressed in blocks of a fixed size, each on its own, so the
//     number of cores does not show;
//   - the compressor is pinned by go.mod and a test holds a golden digest;
//   - Go programs are built with fixed settings, whatever GOFLAGS says.
//
// What must not live here: cdktf, jsii or anything else about constructs, AWS
// calls, and decisions about size limits, which the construct makes.
package packaging
