package cursor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aegis-agents/aegis/controller/internal/port"
)

// Position is the last item of a page.
type Position struct {
	port.Key

	Sort string // its sort key in what was queried: the index's, or SK
}

// Of returns the position of an item in what q asked.
func Of(q port.Query, item port.Item) Position {
	if q.Index {
		return Position{Key: item.Key, Sort: item.IndexSK}
	}
	return Position{Key: item.Key, Sort: item.SK}
}

// wire is a cursor. The query is not in it but digested into Sum: whoever sends
// a cursor back chooses no partition with it, only where to go on in his own.
type wire struct {
	PK   string `json:"p"`
	SK   string `json:"s"`
	Sort string `json:"i,omitempty"` // in the index
	Sum  []byte `json:"c"`
}

// Encode returns the cursor of a position in a query.
func Encode(q port.Query, p Position) string {
	w := wire{PK: p.PK, SK: p.SK, Sum: sum(q, p)}
	if q.Index {
		w.Sort = p.Sort
	}
	data, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings and bytes always encode
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// Decode returns the position in q.From, and false for the first page.
// port.ErrInvalidCursor is one of another query, or one that was changed.
func Decode(q port.Query) (p Position, found bool, err error) {
	if q.From == "" {
		return Position{}, false, nil
	}
	refuse := func(why string) (Position, bool, error) {
		return Position{}, false, fmt.Errorf("%w: %s", port.ErrInvalidCursor, why)
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(q.From)
	if err != nil {
		return refuse("not base64url")
	}
	var w wire
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&w); err != nil {
		return refuse("not a position")
	}
	p = Position{Key: port.Key{PK: w.PK, SK: w.SK}, Sort: w.Sort}
	if !q.Index {
		p.Sort = w.SK
	}
	// Written anew it is the same, or something was added to it.
	if Encode(q, p) != q.From {
		return refuse("of another list, or changed")
	}
	return p, true, nil
}

// sum finds mistakes, not forgers: a forged position reads nothing that the
// query itself does not give.
func sum(q port.Query, p Position) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q %t %q %q %t %q %q %q", q.PK, q.Index, q.Prefix, q.Until, q.Descending, p.PK, p.SK, p.Sort)
	return h.Sum(nil)[:12]
}
