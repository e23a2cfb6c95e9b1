package port

import (
	"context"
	"errors"
	"time"
)

// ErrConflict is a write whose condition does not hold: the item has another
// version by now, or exists already.
var ErrConflict = errors.New("the item was changed by another writer")

// Key names an item.
type Key struct {
	PK string // up to MaxPK bytes, not empty
	SK string // up to MaxSK bytes, not empty
}

// Item is what a Table holds.
type Item struct {
	Key

	// Version is 1 for a new item and grows by 1 with each write. The Table sets it.
	Version int64
	// IndexPK and IndexSK are the key in the one sparse index; items without
	// are not in it. Both or neither.
	IndexPK, IndexSK string
	// Expires is when the item may be removed. Default: the zero time, never.
	// It may still be there for days after.
	Expires time.Time
	// Data is the item's content, JSON of at most MaxData bytes.
	Data []byte
}

// Page is one page of a query.
type Page struct {
	Items []Item
	// Next continues the query; empty at the end. It is opaque and may be given
	// to a client.
	Next string
}

// Query says which items a query returns.
type Query struct {
	// PK is the partition: of the index when Index is set.
	PK string
	// Index asks the index instead of the table. It may lag behind.
	Index bool
	// Prefix is what the sort keys begin with. Default: none.
	Prefix string
	// Until is the highest sort key, itself included. Default: none. Not with Prefix.
	Until string
	// Descending begins with the highest sort key.
	Descending bool
	// Limit is how many items a page has at most, from 1 to MaxLimit. Required.
	Limit int
	// From is Next of the page before. Default: the first page. One that no
	// query returned is ErrInvalidCursor.
	From string
}

// ErrInvalidCursor is a Query.From that no query returned.
var ErrInvalidCursor = errors.New("the cursor is not one of this list's")

// Table is a table of items with conditional writes and no scan.
type Table interface {
	// Get returns the item, as last written. found is false when there is none.
	Get(ctx context.Context, key Key) (item Item, found bool, err error)
	// Put writes the item when its Version is the stored one's, 0 for one that must
	// not exist yet, and returns the new version. Otherwise ErrConflict.
	Put(ctx context.Context, item Item) (version int64, err error)
	// Query returns a page of items in the order of their sort keys.
	Query(ctx context.Context, q Query) (Page, error)
}
