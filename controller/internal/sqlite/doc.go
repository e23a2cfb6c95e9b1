// Package sqlite is the port.Table in one file of SQLite, for one machine.
//
// What must not live here: what is in the items, and the engine's own tables.
package sqlite
