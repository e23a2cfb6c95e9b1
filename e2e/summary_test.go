//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// The columns of the table at the end.
const (
	resources  = "resources"
	validated  = "validate"
	planned    = "plan"
	applied    = "apply"
	secondPlan = "second plan"
	runs       = "runs"
	destroyed  = "destroy"
)

var columns = []string{resources, validated, planned, applied, secondPlan, runs, destroyed}

// row is one case of the table.
type row struct {
	name  string
	order int
	cells map[string]string
	took  time.Duration
	state string // passed, FAILED or skipped
}

// rows are the cases so far.
type rows struct {
	sync.Mutex
	list  []*row
	notes []string
}

var summary rows

var shortName = strings.NewReplacer("Test", "", "/each/", "/", "_", " ")

// start adds the test to the table. What it does is set with set; a step that
// was begun and not ended is shown as the one that failed.
func (r *rows) start(t testing.TB) *row {
	t.Helper()
	began := time.Now()
	c := &row{name: shortName.Replace(t.Name()), cells: map[string]string{}}
	r.Lock()
	c.order = len(r.list)
	r.list = append(r.list, c)
	r.Unlock()
	t.Cleanup(func() {
		r.Lock()
		defer r.Unlock()
		c.took = time.Since(began)
		switch {
		case t.Failed():
			c.state = "FAILED"
		case t.Skipped():
			c.state = "skipped"
			return // the reason stands under the table
		default:
			c.state = "passed"
		}
		fmt.Fprintf(os.Stderr, "%-8s %s (%.0f s)\n", c.state, c.name, c.took.Seconds())
	})
	return c
}

func (c *row) set(column string, value any) {
	summary.Lock()
	defer summary.Unlock()
	c.cells[column] = fmt.Sprint(value)
}

// step notes that a step has begun, and what it returns that it has ended well.
func (c *row) step(column string) (done func(value string)) {
	c.set(column, "FAILED")
	return func(value string) { c.set(column, value) }
}

// ran reports whether a case passed.
func (r *rows) ran(name string) bool {
	r.Lock()
	defer r.Unlock()
	return slices.ContainsFunc(r.list, func(c *row) bool { return c.name == name && c.state == "passed" })
}

// note is a line under the table, which is there once however many tests say it.
func (r *rows) note(format string, args ...any) {
	r.Lock()
	defer r.Unlock()
	if line := fmt.Sprintf(format, args...); !slices.Contains(r.notes, line) {
		r.notes = append(r.notes, line)
	}
}

func (r *rows) print(out io.Writer, code int) int {
	r.Lock()
	defer r.Unlock()
	if len(r.list) == 0 {
		return code
	}
	count := map[string]int{}
	for _, c := range r.list {
		count[c.state]++
	}
	if count["skipped"] < len(r.list) {
		r.table(out)
	}
	for _, note := range r.notes {
		fmt.Fprintln(out, note)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", count["passed"], count["FAILED"], count["skipped"])
	return code
}

// group is the test that a case is one of: they run side by side.
func group(c *row) string {
	test, _, _ := strings.Cut(c.name, "/")
	return test
}

func (r *rows) table(out io.Writer) {
	slices.SortFunc(r.list, func(a, b *row) int { return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(a.order, b.order)) })
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "case\t%s\tseconds\t\n", strings.Join(columns, "\t"))
	for _, c := range r.list {
		fmt.Fprintf(w, "%s\t", c.name)
		for _, column := range columns {
			fmt.Fprintf(w, "%s\t", cmp.Or(c.cells[column], "-"))
		}
		state := ""
		if c.state != "passed" {
			state = c.state
		}
		fmt.Fprintf(w, "%.0f\t%s\n", c.took.Seconds(), state)
	}
	w.Flush()
	fmt.Fprintln(out)
}
