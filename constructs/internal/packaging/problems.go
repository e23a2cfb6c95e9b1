package packaging

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is something wrong with one file or directory of a source tree.
type problem struct {
	// name is relative to the root, with slashes.
	name string
	text string
}

// problems collects what is wrong with a tree, so that one run shows all of it.
type problems []problem

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, problem{name, fmt.Sprintf(format, args...)})
}

// err returns the problems sorted by name, or nil if there are none.
func (p problems) err() error {
	sorted := slices.Clone(p)
	slices.SortStableFunc(sorted, func(a, b problem) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.text, b.text))
	})
	sorted = slices.Compact(sorted)
	errs := make([]error, len(sorted))
	for i, one := range sorted {
		errs[i] = fmt.Errorf("%s: %s", printable(one.name), one.text)
	}
	return errors.Join(errs...)
}

// printable is a file name as it is shown to people: plain names as they are,
// names which would garble a terminal or a line quoted.
func printable(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}
