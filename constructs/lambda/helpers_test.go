package lambda

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// path is the construct path of the functions in the pure tests.
const path = "app/Orders"

// token is what cdktf writes for a value that is not known yet.
const token = "${TfToken[TOKEN.1]}"

// accountID and the ARNs with it are those of the examples in AWS's documents.
const accountID = "123456789012"

// valid props without mistakes, which a case then changes. The package is not
// looked at here: code_test.go does.
func validProps() Props {
	return Props{FunctionName: "orders", Code: ZipFile{Path: "orders.zip"}, Handler: "main.handler", Runtime: Python312}
}

// mistakes are what validate finds, without the package.
func mistakes(props Props) []string {
	var p check.Problems
	validate(&p, props, resolve(props, path))
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
			if diff := cmp.Diff(tc.want, mistakes(props), emptyIsNil); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// emptyIsNil compares lists by what is in them.
var emptyIsNil = cmp.Transformer("list", func(list []string) string { return strings.Join(list, "\n") })

func TestValidProps(t *testing.T) {
	t.Parallel()
	if got := mistakes(validProps()); len(got) > 0 {
		t.Errorf("got %q, want no mistakes", got)
	}
}

// times repeats a text until it has n characters.
func times(text string, n int) string {
	return strings.Repeat(text, n/len(text)+1)[:n]
}

// many makes a list of n different values.
func many(n int, value func(i int) string) []*string {
	list := make([]*string, n)
	for i := range list {
		list[i] = jsii.String(value(i))
	}
	return list
}

func quote(s string) string { return strconv.Quote(s) }

func layer(i int) string {
	return "arn:aws:lambda:eu-central-1:" + accountID + ":layer:tools:" + strconv.Itoa(i+1)
}
