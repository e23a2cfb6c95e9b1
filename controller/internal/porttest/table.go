package porttest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/port"
)

// indexLag is how long an index may take to show a write.
const indexLag = 5 * time.Second

// Table runs the suite of port.Table. open returns an empty table for each test.
func Table(t *testing.T, open func(t *testing.T) port.Table) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, port.Table){
		"versions":    tableVersions,
		"contents":    tableContents,
		"refusals":    tableRefusals,
		"one wins":    tableRace,
		"counter":     tableCounter,
		"query":       tableQuery,
		"index":       tableIndex,
		"pages":       tablePages,
		"cursors":     tableCursors,
		"large pages": tableLargePages,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func key(pk, sk string) port.Key { return port.Key{PK: pk, SK: sk} }

func put(t *testing.T, table port.Table, item port.Item) int64 {
	t.Helper()
	version, err := table.Put(t.Context(), item)
	if err != nil {
		t.Fatalf("Put %s %s: %v", item.PK, item.SK, err)
	}
	return version
}

func get(t *testing.T, table port.Table, k port.Key) port.Item {
	t.Helper()
	item, found, err := table.Get(t.Context(), k)
	if err != nil || !found {
		t.Fatalf("Get %s %s: found %t, %v", k.PK, k.SK, found, err)
	}
	return item
}

func tableVersions(t *testing.T, table port.Table) {
	k := key("a", "1")
	if item, found, err := table.Get(t.Context(), k); err != nil || found {
		t.Fatalf("Get of nothing: %+v %t %v", item, found, err)
	}
	if _, err := table.Put(t.Context(), port.Item{Key: k, Version: 1, Data: []byte("{}")}); !errors.Is(err, port.ErrConflict) {
		t.Errorf("Put version 1 of nothing: %v", err)
	}
	if v := put(t, table, port.Item{Key: k, Data: []byte(`{"n":1}`)}); v != 1 {
		t.Errorf("a new item has version %d", v)
	}
	if _, err := table.Put(t.Context(), port.Item{Key: k, Data: []byte("{}")}); !errors.Is(err, port.ErrConflict) {
		t.Errorf("Put what exists: %v", err)
	}
	if v := put(t, table, port.Item{Key: k, Version: 1, Data: []byte(`{"n":2}`)}); v != 2 {
		t.Errorf("the second version is %d", v)
	}
	for _, version := range []int64{0, 1, 3} {
		if _, err := table.Put(t.Context(), port.Item{Key: k, Version: version, Data: []byte(`{"n":3}`)}); !errors.Is(err, port.ErrConflict) {
			t.Errorf("Put on version %d of 2: %v", version, err)
		}
	}
	if item := get(t, table, k); item.Version != 2 || string(item.Data) != `{"n":2}` {
		t.Errorf("Get: version %d, %s", item.Version, item.Data)
	}
}

func tableContents(t *testing.T, table port.Table) {
	whole := port.Item{
		Key: key("W#é 1", "T#/\x01"), IndexPK: "T#open", IndexSK: "2026#é",
		Expires: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), Data: []byte(`{"text":"é <&> \u0001","n":1.50}`),
	}
	whole.Version = put(t, table, whole)
	if diff := cmp.Diff(whole, get(t, table, whole.Key)); diff != "" {
		t.Errorf("all fields (-want +got):\n%s", diff)
	}
	bare := whole
	bare.IndexPK, bare.IndexSK, bare.Expires, bare.Data = "", "", time.Time{}, []byte("{}")
	bare.Version = put(t, table, bare)
	if diff := cmp.Diff(bare, get(t, table, whole.Key)); diff != "" {
		t.Errorf("fields taken away (-want +got):\n%s", diff)
	}
	large := port.Item{Key: key(strings.Repeat("p", port.MaxPK), strings.Repeat("s", port.MaxSK)), Data: []byte(`"` + strings.Repeat("x", port.MaxData-2) + `"`)}
	large.IndexPK, large.IndexSK = strings.Repeat("i", port.MaxPK), strings.Repeat("j", port.MaxSK)
	large.Version = put(t, table, large)
	if got := get(t, table, large.Key); string(got.Data) != string(large.Data) || got.IndexSK != large.IndexSK {
		t.Errorf("the largest item comes back with %d bytes", len(got.Data))
	}
}

func tableRefusals(t *testing.T, table port.Table) {
	for name, item := range map[string]port.Item{
		"no partition":   {Key: key("", "1")},
		"no sort key":    {Key: key("a", "")},
		"long partition": {Key: key(strings.Repeat("p", port.MaxPK+1), "1")},
		"long sort key":  {Key: key("a", strings.Repeat("s", port.MaxSK+1))},
		"half an index":  {Key: key("a", "1"), IndexPK: "i"},
		"long data":      {Key: key("a", "1"), Data: []byte(strings.Repeat("x", port.MaxData+1))},
		"version":        {Key: key("a", "1"), Version: -1},
		"not UTF-8":      {Key: key("a", "1"), Data: []byte("\xff")},
	} {
		if _, err := table.Put(t.Context(), item); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("Put, %s: %v", name, err)
		}
	}
	for name, q := range map[string]port.Query{
		"no partition":     {Limit: 1},
		"no limit":         {PK: "a"},
		"limit":            {PK: "a", Limit: port.MaxLimit + 1},
		"prefix and until": {PK: "a", Limit: 1, Prefix: "x", Until: "y"},
	} {
		if _, err := table.Query(t.Context(), q); !errors.Is(err, port.ErrPermanent) {
			t.Errorf("Query, %s: %v", name, err)
		}
	}
}

func tableRace(t *testing.T, table port.Table) {
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := table.Put(t.Context(), port.Item{Key: key("a", "1"), Data: fmt.Appendf(nil, `{"n":%d}`, i)})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, port.ErrConflict):
				t.Errorf("Put: %v", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers made the item", won.Load())
	}
}

func tableCounter(t *testing.T, table port.Table) {
	const writers, each = 4, 5
	k := key("a", "count")
	put(t, table, port.Item{Key: k, Data: []byte("0")})
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for done := 0; done < each; {
				item, _, err := table.Get(t.Context(), k)
				if err != nil {
					t.Errorf("Get: %v", err)
					return
				}
				var n int
				_, _ = fmt.Sscan(string(item.Data), &n)
				item.Data = fmt.Append(nil, n+1)
				_, err = table.Put(t.Context(), item)
				switch {
				case err == nil:
					done++
				case !errors.Is(err, port.ErrConflict):
					t.Errorf("Put: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	if item := get(t, table, k); string(item.Data) != strconv.Itoa(writers*each) || item.Version != writers*each+1 {
		t.Errorf("counted %s in version %d", item.Data, item.Version)
	}
}

// sorts returns the sort keys of a page's items, or their index's.
func sorts(page port.Page, index bool) []string {
	var keys []string
	for _, item := range page.Items {
		if index {
			keys = append(keys, item.IndexSK)
		} else {
			keys = append(keys, item.SK)
		}
	}
	return keys
}

func tableQuery(t *testing.T, table port.Table) {
	for _, sk := range []string{"T#2", "A#1", "W", "T#10", "T#1", "a", "T#~"} {
		put(t, table, port.Item{Key: key("w", sk), Data: []byte("{}")})
	}
	put(t, table, port.Item{Key: key("w2", "T#3"), Data: []byte("{}")})
	for name, tc := range map[string]struct {
		q    port.Query
		want []string
	}{
		"all":               {port.Query{PK: "w"}, []string{"A#1", "T#1", "T#10", "T#2", "T#~", "W", "a"}},
		"prefix":            {port.Query{PK: "w", Prefix: "T#"}, []string{"T#1", "T#10", "T#2", "T#~"}},
		"prefix descending": {port.Query{PK: "w", Prefix: "T#1", Descending: true}, []string{"T#10", "T#1"}},
		"until":             {port.Query{PK: "w", Until: "T#10"}, []string{"A#1", "T#1", "T#10"}},
		"until descending":  {port.Query{PK: "w", Until: "T#11", Descending: true}, []string{"T#10", "T#1", "A#1"}},
		"none":              {port.Query{PK: "x"}, nil},
		"no such prefix":    {port.Query{PK: "w", Prefix: "%"}, nil},
	} {
		tc.q.Limit = 100
		page, err := table.Query(t.Context(), tc.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, sorts(page, false)); diff != "" || page.Next != "" {
			t.Errorf("%s: next %q (-want +got):\n%s", name, page.Next, diff)
		}
	}
}

func tableIndex(t *testing.T, table port.Table) {
	for i, sk := range []string{"3", "1", "2", "2"} {
		put(t, table, port.Item{Key: key(fmt.Sprint("w", i), "W"), IndexPK: "open", IndexSK: sk, Data: fmt.Appendf(nil, "%d", i)})
	}
	put(t, table, port.Item{Key: key("w9", "W"), Data: []byte("{}")})
	want := func(name string, q port.Query, want ...string) {
		t.Helper()
		q.Index, q.Limit = true, 100
		var page port.Page
		diff := ""
		for deadline := time.Now().Add(indexLag); ; {
			var err error
			if page, err = table.Query(t.Context(), q); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff = cmp.Diff(want, sorts(page, true)); diff == "" || time.Now().After(deadline) {
				break
			}
		}
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, item := range page.Items {
			if len(item.Data) == 0 || item.Version != get(t, table, item.Key).Version || item.IndexPK != q.PK {
				t.Errorf("%s: not the whole item: %+v", name, item)
			}
		}
	}
	want("all", port.Query{PK: "open"}, "1", "2", "2", "3")
	want("until", port.Query{PK: "open", Until: "2"}, "1", "2", "2")
	want("descending", port.Query{PK: "open", Descending: true}, "3", "2", "2", "1")
	want("by the table's key", port.Query{PK: "w1"})
	// An item moves, and leaves.
	moved := get(t, table, key("w0", "W"))
	moved.IndexPK, moved.IndexSK = "closed", "9"
	put(t, table, moved)
	left := get(t, table, key("w1", "W"))
	left.IndexPK, left.IndexSK = "", ""
	put(t, table, left)
	want("after", port.Query{PK: "open"}, "2", "2")
	want("moved", port.Query{PK: "closed"}, "9")
}

func tablePages(t *testing.T, table port.Table) {
	const n = 7
	for i := range n {
		// Two and two have the same key in the index.
		put(t, table, port.Item{Key: key("w", strconv.Itoa(i)), IndexPK: "i", IndexSK: strconv.Itoa(i / 2), Data: []byte("{}")})
	}
	for _, q := range []port.Query{{PK: "w"}, {PK: "w", Descending: true}, {PK: "i", Index: true}, {PK: "i", Index: true, Descending: true}, {PK: "i", Index: true, Until: "9"}} {
		for _, limit := range []int{1, 2, 3, n, n + 1} {
			q.Limit, q.From = limit, ""
			seen := map[string]bool{}
			pages := 0
			for ; ; pages++ {
				page, err := table.Query(t.Context(), q)
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				if len(page.Items) > limit {
					t.Errorf("%+v: %d items", q, len(page.Items))
				}
				for _, item := range page.Items {
					if seen[item.SK] {
						t.Errorf("%+v: %s twice", q, item.SK)
					}
					seen[item.SK] = true
				}
				if q.From = page.Next; q.From == "" || pages > n {
					break
				}
			}
			if want := (n - 1) / limit; len(seen) != n || pages != want {
				t.Errorf("%+v: %d items on %d pages, want %d", q, len(seen), pages+1, want+1)
			}
		}
	}
}

func tableCursors(t *testing.T, table port.Table) {
	for i := range 3 {
		put(t, table, port.Item{Key: key("w", strconv.Itoa(i)), IndexPK: "w", IndexSK: strconv.Itoa(i), Data: []byte("{}")})
	}
	q := port.Query{PK: "w", Limit: 1}
	page, err := table.Query(t.Context(), q)
	if err != nil || page.Next == "" {
		t.Fatalf("the first page: %q %v", page.Next, err)
	}
	q.From, q.Limit = page.Next, 2
	if _, err := table.Query(t.Context(), q); err != nil {
		t.Errorf("with another limit: %v", err)
	}
	for name, change := range map[string]func(*port.Query){
		"nonsense":          func(q *port.Query) { q.From = "nonsense!" },
		"JSON":              func(q *port.Query) { q.From = "e30" },
		"cut":               func(q *port.Query) { q.From = q.From[:len(q.From)-2] },
		"longer":            func(q *port.Query) { q.From += "AA" },
		"changed":           func(q *port.Query) { q.From = q.From[:12] + "x" + q.From[13:] },
		"another partition": func(q *port.Query) { q.PK = "x" },
		"index":             func(q *port.Query) { q.Index = true },
		"prefix":            func(q *port.Query) { q.Prefix = "1" },
		"until":             func(q *port.Query) { q.Until = "1" },
		"order":             func(q *port.Query) { q.Descending = true },
	} {
		other := q
		change(&other)
		if _, err := table.Query(t.Context(), other); !errors.Is(err, port.ErrInvalidCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page that is too large for one answer goes on with the next.
func tableLargePages(t *testing.T, table port.Table) {
	const n = 5
	data := []byte(`"` + strings.Repeat("x", 300*1024) + `"`)
	for i := range n {
		put(t, table, port.Item{Key: key("w", strconv.Itoa(i)), Data: data})
	}
	q := port.Query{PK: "w", Limit: 100}
	seen := 0
	for {
		page, err := table.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Items)
		if q.From = page.Next; q.From == "" || seen > n {
			break
		}
	}
	if seen != n {
		t.Errorf("%d of %d items", seen, n)
	}
}
