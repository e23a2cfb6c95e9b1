// Package cursor writes and reads the position where a query of a table goes on,
// as the opaque text that clients get.
//
// What must not live here: the queries themselves.
package cursor
