package store

import (
	"errors"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
)

// ErrNotFound is a record that is not there.
var ErrNotFound = errors.New("no such record")

// Store reads and writes the records.
type Store struct {
	table port.Table
	clock port.Clock
	keep  time.Duration
}

// New returns the Store on a table. Records of workflows that have ended are
// kept for so long.
func New(table port.Table, clock port.Clock, keep time.Duration) *Store {
	return &Store{table: table, clock: clock, keep: keep}
}

// List is a page of workflows, the newest first.
type List struct {
	Workflows []Workflow
	Next      string
}
