package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aegis-agents/aegis/controller/internal/cursor"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

var _ port.Table = (*Table)(nil)

// Table is a port.Table. It removes no item.
type Table struct {
	mu    sync.RWMutex
	items map[string]map[string]port.Item  // by PK and SK
	index map[string]map[port.Key]struct{} // by index PK
}

// NewTable returns an empty Table.
func NewTable() *Table {
	return &Table{items: map[string]map[string]port.Item{}, index: map[string]map[port.Key]struct{}{}}
}

// Get is port.Table's.
func (t *Table) Get(ctx context.Context, key port.Key) (port.Item, bool, error) {
	if err := ctx.Err(); err != nil {
		return port.Item{}, false, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	item, found := t.items[key.PK][key.SK]
	return clone(item), found, nil
}

// Put is port.Table's.
func (t *Table) Put(ctx context.Context, item port.Item) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := item.Check(); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old, found := t.items[item.PK][item.SK]
	if old.Version != item.Version {
		return 0, port.ErrConflict
	}
	if found {
		delete(t.index[old.IndexPK], old.Key)
	}
	item = clone(item)
	item.Version++
	if t.items[item.PK] == nil {
		t.items[item.PK] = map[string]port.Item{}
	}
	t.items[item.PK][item.SK] = item
	if item.IndexPK != "" {
		if t.index[item.IndexPK] == nil {
			t.index[item.IndexPK] = map[port.Key]struct{}{}
		}
		t.index[item.IndexPK][item.Key] = struct{}{}
	}
	return item.Version, nil
}

// Query is port.Table's.
func (t *Table) Query(ctx context.Context, q port.Query) (port.Page, error) {
	if err := ctx.Err(); err != nil {
		return port.Page{}, err
	}
	if err := q.Check(); err != nil {
		return port.Page{}, err
	}
	after, found, err := cursor.Decode(q)
	if err != nil {
		return port.Page{}, err
	}
	order := func(a, b cursor.Position) int {
		c := cmp.Or(cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.PK, b.PK), cmp.Compare(a.SK, b.SK))
		if q.Descending {
			return -c
		}
		return c
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var items []port.Item
	add := func(item port.Item) {
		p := cursor.Of(q, item)
		if !strings.HasPrefix(p.Sort, q.Prefix) || q.Until != "" && p.Sort > q.Until || found && order(p, after) <= 0 {
			return
		}
		items = append(items, item)
	}
	if q.Index {
		for key := range t.index[q.PK] {
			add(t.items[key.PK][key.SK])
		}
	} else {
		for _, item := range t.items[q.PK] {
			add(item)
		}
	}
	slices.SortFunc(items, func(a, b port.Item) int { return order(cursor.Of(q, a), cursor.Of(q, b)) })
	var page port.Page
	if len(items) > q.Limit {
		items = items[:q.Limit]
		page.Next = cursor.Encode(q, cursor.Of(q, items[q.Limit-1]))
	}
	for _, item := range items {
		page.Items = append(page.Items, clone(item))
	}
	return page, nil
}

func clone(item port.Item) port.Item {
	item.Data = bytes.Clone(item.Data)
	return item
}
