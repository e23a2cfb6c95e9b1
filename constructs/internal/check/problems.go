package check

import (
	"fmt"
	"strings"
)

// Problem is one mistake in the props of a construct.
type Problem struct {
	Field   string // the user's field name, e.g. "MemoryMiB"
	Message string // "must be from 128 to 10240, got 64"
}

// Error is "Field: must …, got …".
func (p Problem) Error() string { return p.Field + ": " + p.Message }

// Problems collects the mistakes of one construct in the order of its fields.
// The zero value is ready to use.
type Problems struct {
	list   []Problem
	prefix string
	parent *Problems
}

// Addf records a problem of field.
func (p *Problems) Addf(field, format string, args ...any) {
	if p.parent != nil {
		p.parent.Addf(p.join(field), format, args...)
		return
	}
	p.list = append(p.list, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// In returns a collector for the fields inside field: In("VPC").Addf("SubnetIDs", …)
// records "VPC.SubnetIDs: …".
func (p *Problems) In(field string) *Problems {
	return &Problems{prefix: field, parent: p}
}

// At returns a collector for the fields of the i-th element of field.
func (p *Problems) At(field string, i int) *Problems {
	return p.In(fmt.Sprintf("%s[%d]", field, i))
}

func (p *Problems) join(field string) string {
	if field == "" {
		return p.prefix
	}
	return p.prefix + "." + field
}

// List returns the problems in the order in which they were found.
func (p *Problems) List() []Problem { return p.list }

// Strings returns the text of each problem.
func (p *Problems) Strings() []string {
	out := make([]string, len(p.list))
	for i, problem := range p.list {
		out[i] = problem.Error()
	}
	return out
}

// index names one element of a list field.
func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// key names one entry of a map field.
func key(field, k string) string { return fmt.Sprintf("%s[%q]", field, k) }

// quoted lists values as the user would write them: "a", "b" or "c".
func quoted[S ~string](values []S) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%q", string(v))
	}
	return alternatives(words)
}

func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
