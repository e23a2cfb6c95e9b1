package synth

import (
	"errors"
	"testing"

	"github.com/aegis-agents/aegis/constructs/internal/report"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	problems := []Problem{
		{"orders/api", "Timeout: must be from 1s to 15m0s, got 20m0s"},
		{"orders/api", "Code: must build, got\nmain.go:3: undefined: x"},
		{"reports/nightly", "Handler: must be set, got nothing"},
	}
	long := "Code: must be a package that can be made, got an error: cannot write to the cache:\nno space left"
	short := "MemoryMiB: must be from 128 to 10240, got 64"
	exception := errors.New("There is already a Construct with name 'api'\n  at main.go:12")
	for name, test := range map[string]struct {
		err  Error
		want string
	}{
		"one problem": {Error{Problems: problems[:1]},
			"synth failed: 1 error in 1 construct\n" +
				"  orders/api  Timeout: must be from 1s to 15m0s, got 20m0s"},
		"several problems": {Error{Problems: problems},
			"synth failed: 3 errors in 2 constructs\n" +
				"  orders/api       Timeout: must be from 1s to 15m0s, got 20m0s\n" +
				"  orders/api       Code: must build, got\n" +
				"                   main.go:3: undefined: x\n" +
				"  reports/nightly  Handler: must be set, got nothing"},
		"a long message of several constructs": {Error{Problems: []Problem{
			{"a", long}, {"b/c", short}, {"b/c", long}, {"d", short}, {"d", "Handler: must be set, got nothing"}, {"e", long}}},
			"synth failed: 6 errors in 4 constructs\n" +
				"  a    Code: must be a package that can be made, got an error: cannot write to the cache:\n" +
				"       no space left\n" +
				"  b/c  the same as above\n" +
				"  e    the same as above\n" +
				"  b/c  MemoryMiB: must be from 128 to 10240, got 64\n" +
				"  d    MemoryMiB: must be from 128 to 10240, got 64\n" +
				"  d    Handler: must be set, got nothing"},
		"an exception": {Error{Exception: exception},
			"synth failed: There is already a Construct with name 'api'\n  at main.go:12"},
		"both": {Error{Problems: problems[:1], Exception: exception},
			"synth failed: 1 error in 1 construct, and an exception that kept the rest from being checked\n" +
				"  orders/api  Timeout: must be from 1s to 15m0s, got 20m0s\n" +
				"  There is already a Construct with name 'api'\n" +
				"    at main.go:12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.err.Error(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
	if err := error(&Error{Exception: exception}); !errors.Is(err, exception) {
		t.Error("an Error must unwrap to its exception")
	}
}

func TestProblemsOf(t *testing.T) {
	t.Parallel()
	got := problemsOf(
		[]report.Entry{{Path: "b", Message: "1"}, {Path: "a", Message: "2"}, {Path: "b", Message: "3"}},
		[]Problem{{"a", "2"}, {"b", "4"}, {"c", "5"}})
	want := []Problem{{"b", "1"}, {"b", "3"}, {"b", "4"}, {"a", "2"}, {"c", "5"}}
	equal(t, got, want)
}

func TestMessageOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"plain": {"must be at least one", "must be at least one"},
		"a JavaScript stack": {
			"Error: no such queue\n    at new Queue (/tmp/x/queue.js:12:3)\n    at async run (node:internal/main:1:2)\n    at <anonymous>\n    at Array.map (<anonymous>)\n",
			"no such queue"},
		"a stack in the middle": {"first\n    at f (a.js:1:2)\nsecond", "first\nsecond"},
		"prose that begins so":  {"must be\n  at least one\n  at most two", "must be\n  at least one\n  at most two"},
		"jsii's own":            {"JsiiError: @jsii/kernel.Fault Error: no such class", "no such class"},
		"runtime error":         {"@jsii/kernel.RuntimeError Error: broken", "broken"},
		"several lines":         {"header:\n  one\n  two  \n", "header:\n  one\n  two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := messageOf(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseValidation(t *testing.T) {
	t.Parallel()
	const text = "Validation failed with the following errors:\n" +
		"  [orders] Found resources without a provider: aws\n" +
		"  [orders/api] must be\n  on two lines\n" +
		"\nIf you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.\n"
	got, ok := parseValidation(messageOf(text))
	equal(t, got, []Problem{
		{"orders", "Found resources without a provider: aws"},
		{"orders/api", "must be\n  on two lines"},
	})
	if !ok {
		t.Error("the list must be understood")
	}
	for _, other := range []string{"", "Validation failed with the following errors:\n  something else", "no validation"} {
		if got, ok := parseValidation(other); ok {
			t.Errorf("%q: got %v, want it not understood", other, got)
		}
	}
}
