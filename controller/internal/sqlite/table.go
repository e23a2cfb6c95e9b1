package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, without cgo

	"github.com/aegis-agents/aegis/controller/internal/cursor"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

var _ port.Table = (*Table)(nil)

// Table is a port.Table.
type Table struct {
	// SQLite has one writer at a time. With a single connection they queue up
	// here, where nothing times out.
	writer *sql.DB
	reader *sql.DB
}

// schema is the table. Texts compare by their bytes, as in DynamoDB.
const schema = `
CREATE TABLE IF NOT EXISTS items (
	pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL,
	gpk TEXT, gsk TEXT, expires_at INTEGER, data BLOB NOT NULL,
	PRIMARY KEY (pk, sk)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_index ON items (gpk, gsk, pk, sk) WHERE gpk IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
`

// Open opens the table in a file, which it makes when it is not there, and removes
// the items that have expired. Another process may have the file open, too.
func Open(ctx context.Context, file string, now time.Time) (*Table, error) {
	writer, err := connect(file, "immediate")
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := connect(file, "deferred")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(4)
	reader.SetMaxIdleConns(4)
	t := &Table{writer: writer, reader: reader}
	if _, err := writer.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), t.Close())
	}
	if _, err := writer.ExecContext(ctx, "DELETE FROM items WHERE expires_at <= ?", now.Unix()); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), t.Close())
	}
	return t, nil
}

// connect opens the file with what has to be set on each connection.
// https://www.sqlite.org/pragma.html
func connect(file, lock string) (*sql.DB, error) {
	query := url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)", // readers do not wait for the writer
		"synchronous(FULL)", // in WAL mode NORMAL may lose what was committed, after a power cut
		"wal_autocheckpoint(1000)",
	}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: query.Encode()}).String())
}

// Close closes the file.
func (t *Table) Close() error { return errors.Join(t.reader.Close(), t.writer.Close()) }

const columns = "pk, sk, version, COALESCE(gpk, ''), COALESCE(gsk, ''), COALESCE(expires_at, 0), data"

// Get is port.Table's.
func (t *Table) Get(ctx context.Context, key port.Key) (port.Item, bool, error) {
	if err := (port.Item{Key: key}).Check(); err != nil {
		return port.Item{}, false, err
	}
	row := t.reader.QueryRowContext(ctx, "SELECT "+columns+" FROM items WHERE pk = ? AND sk = ?", key.PK, key.SK)
	item, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return port.Item{}, false, nil
	}
	return item, err == nil, err
}

// Put is port.Table's.
func (t *Table) Put(ctx context.Context, item port.Item) (int64, error) {
	if err := item.Check(); err != nil {
		return 0, err
	}
	var gpk, gsk, expires any // NULL
	if item.IndexPK != "" {
		gpk, gsk = item.IndexPK, item.IndexSK
	}
	if !item.Expires.IsZero() {
		expires = item.Expires.Unix()
	}
	data := append([]byte{}, item.Data...) // nil would be NULL
	var result sql.Result
	var err error
	if item.Version == 0 {
		result, err = t.writer.ExecContext(ctx,
			"INSERT INTO items (pk, sk, version, gpk, gsk, expires_at, data) VALUES (?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			item.PK, item.SK, gpk, gsk, expires, data)
	} else {
		result, err = t.writer.ExecContext(ctx,
			"UPDATE items SET version = version + 1, gpk = ?, gsk = ?, expires_at = ?, data = ? WHERE pk = ? AND sk = ? AND version = ?",
			gpk, gsk, expires, data, item.PK, item.SK, item.Version)
	}
	if err != nil {
		return 0, err
	}
	written, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	if written == 0 {
		return 0, fmt.Errorf("%s %s: %w", item.PK, item.SK, port.ErrConflict)
	}
	return item.Version + 1, nil
}

// Query is port.Table's.
func (t *Table) Query(ctx context.Context, q port.Query) (port.Page, error) {
	if err := q.Check(); err != nil {
		return port.Page{}, err
	}
	after, found, err := cursor.Decode(q)
	if err != nil {
		return port.Page{}, err
	}
	text, args := statement(q, after, found)
	rows, err := t.reader.QueryContext(ctx, text, args...)
	if err != nil {
		return port.Page{}, err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	var page port.Page
	for rows.Next() {
		if len(page.Items) == q.Limit { // one more than the page has
			page.Next = cursor.Encode(q, cursor.Of(q, page.Items[q.Limit-1]))
			break
		}
		item, err := scan(rows)
		if err != nil {
			return port.Page{}, err
		}
		page.Items = append(page.Items, item)
	}
	return page, rows.Err()
}

// statement asks for one item more than the page has, in the order of the keys.
func statement(q port.Query, after cursor.Position, found bool) (string, []any) {
	pk, sk, order := "pk", "sk", "ASC"
	if q.Index {
		pk, sk = "gpk", "gsk"
	}
	beyond := ">"
	if q.Descending {
		beyond, order = "<", "DESC"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM items WHERE %s = ?", columns, pk)
	args := []any{q.PK}
	if q.Prefix != "" {
		// The first text behind all that begin so: UTF-8 has no byte 0xff.
		fmt.Fprintf(&b, " AND %s >= ? AND %s < CAST(? AS TEXT)", sk, sk)
		args = append(args, q.Prefix, append([]byte(q.Prefix), 0xff))
	}
	if q.Until != "" {
		fmt.Fprintf(&b, " AND %s <= ?", sk)
		args = append(args, q.Until)
	}
	if found {
		fmt.Fprintf(&b, " AND (%s, pk, sk) %s (?, ?, ?)", sk, beyond)
		args = append(args, after.Sort, after.PK, after.SK)
	}
	fmt.Fprintf(&b, " ORDER BY %s %s, pk %s, sk %s LIMIT ?", sk, order, order, order)
	return b.String(), append(args, q.Limit+1)
}

func scan(row interface{ Scan(...any) error }) (port.Item, error) {
	var item port.Item
	var expires int64
	err := row.Scan(&item.PK, &item.SK, &item.Version, &item.IndexPK, &item.IndexSK, &expires, &item.Data)
	if expires != 0 {
		item.Expires = time.Unix(expires, 0).UTC()
	}
	return item, err
}
