package agent

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// token is what cdktf writes for a value that is not known yet, listToken for a
// list.
const (
	token     = "${TfToken[TOKEN.1]}"
	listToken = "#{TfToken[TOKEN.2]}"
)

const (
	keyARN    = "arn:aws:kms:eu-central-1:123456789012:key/1"
	policyARN = "arn:aws:iam::123456789012:policy/orders"
	roleARN   = "arn:aws:iam::123456789012:role/orders"
)

// validProps are props without mistakes, which a case then changes.
func validProps() Props {
	return Props{Name: "orders-agent", Source: Dockerfile{ContextDir: "testdata/docker"}}
}

// mistakes are what New would report.
func mistakes(t *testing.T, props Props) []string {
	t.Helper()
	out := t.TempDir()
	s := resolve(props, stackFolder{outdir: out, dir: out + "/stacks/test"})
	var p check.Problems
	validate(&p, props, s)
	if s.source != nil {
		s.source.prepare(&p, s)
	}
	return p.Strings()
}

// change is a case of a table: valid props, changed, and what is wrong then.
type change struct {
	name   string
	change func(p *Props)
	want   []string
}

func runChanges(t *testing.T, cases []change) {
	t.Helper()
	names := map[string]bool{}
	for _, tc := range cases {
		if names[tc.name] {
			t.Errorf("two cases are called %q", tc.name)
		}
		names[tc.name] = true
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			props := validProps()
			tc.change(&props)
			if diff := cmp.Diff(tc.want, mistakes(t, props), emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// emptyIsNil compares lists by what is in them.
var emptyIsNil = cmp.Transformer("list", func(list []string) string { return strings.Join(list, "\n") })

func TestValidProps(t *testing.T) {
	t.Parallel()
	if got := mistakes(t, validProps()); len(got) > 0 {
		t.Errorf("got %q, want no mistakes", got)
	}
}

// times repeats a text until it has n characters.
func times(text string, n int) string {
	return strings.Repeat(text, n/len(text)+1)[:n]
}

// many makes a list of n different values.
func many[T any](n int, value func(i int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = value(i)
	}
	return list
}

func list(values ...string) []*string {
	return many(len(values), func(i int) *string { return &values[i] })
}

func quote(s string) string { return strconv.Quote(s) }
