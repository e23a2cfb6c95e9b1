package lazyload

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitOptions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, value string
		want        []string
		err         string
	}{
		{name: "nothing", value: ""},
		{name: "only spaces", value: "   "},
		{name: "one", value: "--no-warnings", want: []string{"--no-warnings"}},
		{name: "spaces around", value: "  -r  a ", want: []string{"-r", "a"}},
		{name: "quotes", value: `-r "a b" c`, want: []string{"-r", "a b", "c"}},
		{name: "quotes within", value: `--require="a b"c`, want: []string{"--require=a bc"}},
		{name: "escapes in quotes", value: `"a\"b\\c\d"`, want: []string{`a"b\cd`}},
		{name: "no escapes outside", value: `a\b\ c`, want: []string{`a\b\`, "c"}},
		{name: "a tab is no space", value: "a\tb", want: []string{"a\tb"}},
		{name: "open quotes", value: `a "b`, err: "must close its double quotes"},
		{name: "open escape", value: `"a\`, err: "must not end in an escape"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := splitOptions(tc.value)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			if text(err) != tc.err {
				t.Errorf("got error %q, want %q", text(err), tc.err)
			}
		})
	}
}

// FuzzQuoteOption checks that a path survives the way to Node.
func FuzzQuoteOption(f *testing.F) {
	for _, seed := range []string{"", "a", "a b", `a"b`, `a\b`, `a\`, `\"`, "ü\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		options, err := splitOptions("--require " + quoteOption(value) + " --after")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"--require", value, "--after"}
		if value == "" {
			want = []string{"--require", "--after"} // as Node does
		}
		if diff := cmp.Diff(want, options); diff != "" {
			t.Errorf("options (-want +got):\n%s", diff)
		}
	})
}

func TestRequiresHook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hook, other := dir+"/a=hook.cjs", dir+"/other.cjs"
	writeFile(t, hook, string(hookSource))
	writeFile(t, other, "")
	for _, tc := range []struct {
		name    string
		options []string
		want    bool
	}{
		{"none", nil, false},
		{"required", []string{"--no-warnings", "--require", hook}, true},
		{"required shortly", []string{"-r", hook}, true},
		{"required with an equals sign", []string{"--require=" + hook}, true},
		{"another file", []string{"--require", other}, false},
		{"a missing file", []string{"--require", dir + "/none.cjs"}, false},
		{"a missing argument", []string{"--require"}, false},
		{"another option", []string{"--import", hook}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := requiresHook(tc.options); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
