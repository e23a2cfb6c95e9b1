package cursor_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/cursor"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	item := port.Item{Key: port.Key{PK: "W#é", SK: "W"}, IndexPK: "W#running", IndexSK: "2026#<x>"}
	for name, tc := range map[string]struct {
		q    port.Query
		want cursor.Position
	}{
		"table": {port.Query{PK: "W#é"}, cursor.Position{Key: item.Key, Sort: "W"}},
		"index": {port.Query{PK: "W#running", Index: true, Descending: true}, cursor.Position{Key: item.Key, Sort: "2026#<x>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, found, err := cursor.Decode(tc.q); found || err != nil {
				t.Errorf("the first page: %t %v", found, err)
			}
			q := tc.q
			q.From = cursor.Encode(q, cursor.Of(q, item))
			got, found, err := cursor.Decode(q)
			if err != nil || !found {
				t.Fatalf("%t %v", found, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			q.Limit = 7 // a page may be longer than the one before
			if _, _, err := cursor.Decode(q); err != nil {
				t.Errorf("with another limit: %v", err)
			}
		})
	}
}

// Whatever a client sends is a position that was written, or refused.
func FuzzDecode(f *testing.F) {
	q := port.Query{PK: "a", Index: true}
	f.Add(cursor.Encode(q, cursor.Position{Key: port.Key{PK: "p", SK: "s"}, Sort: "i"}))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"p":"p","s":"s","i":"i","c":"AAAA"}`)))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`null`)))
	f.Add("=")
	f.Fuzz(func(t *testing.T, from string) {
		q := q
		q.From = from
		p, found, err := cursor.Decode(q)
		switch {
		case err != nil:
			if !errors.Is(err, port.ErrInvalidCursor) {
				t.Errorf("%q: %v", from, err)
			}
		case found && cursor.Encode(q, p) != from:
			t.Errorf("%q is taken for %+v", from, p)
		}
	})
}
