package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/internal/sqlite"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, file string) *sqlite.Table {
	t.Helper()
	table, err := sqlite.Open(t.Context(), file, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

func TestTable(t *testing.T) {
	t.Parallel()
	porttest.Table(t, func(t *testing.T) port.Table { return open(t, filepath.Join(t.TempDir(), "state.db")) })
}

// A path is no URL: what is special there is a letter here.
func TestFileNames(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a b?c#d%20é.db")
	open(t, file)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestItemsStay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	first := open(t, file)
	for name, expires := range map[string]time.Time{"never": {}, "later": now.Add(time.Second), "now": now} {
		item := port.Item{Key: port.Key{PK: "a", SK: name}, Data: []byte(`1`), Expires: expires}
		if _, err := first.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	page, err := open(t, file).Query(t.Context(), port.Query{PK: "a", Limit: 10})
	if err != nil || len(page.Items) != 2 || page.Items[0].SK != "later" || page.Items[1].SK != "never" {
		t.Errorf("after opening it anew: %+v %v", page.Items, err)
	}
}

// Two tables on one file, as two processes have them.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	done := make(chan error)
	for writer := range 2 {
		table := open(t, file)
		go func() {
			for i := range 20 {
				if _, err := table.Put(t.Context(), port.Item{Key: port.Key{PK: "a", SK: fmt.Sprint(writer, "-", i)}, Data: []byte("1")}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(file, []byte("this is a text and not a database, and long enough to tell"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), file, now); err == nil {
		t.Error("no error")
	}
}

func BenchmarkPut(b *testing.B) {
	table := open(b, filepath.Join(b.TempDir(), "state.db"))
	for i := 0; b.Loop(); i++ {
		if _, err := table.Put(b.Context(), port.Item{Key: port.Key{PK: "a", SK: fmt.Sprint(i)}, IndexPK: "i", IndexSK: "1", Data: make([]byte, 2000)}); err != nil {
			b.Fatal(err)
		}
	}
}
