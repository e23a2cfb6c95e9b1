package check

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const token = "${TfToken[TOKEN.1]}"

// want compares what a check recorded about the field F.
func want(t *testing.T, name string, check func(p *Problems), texts ...string) {
	t.Helper()
	var p Problems
	check(&p)
	if diff := cmp.Diff(texts, p.Strings(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	var p Problems
	p.Addf("A", "must be %d, got %d", 1, 2)
	in := p.In("VPC").At("Rules", 3)
	in.Addf("Port", "must be set, got nothing")
	in.Addf("", "must be set, got nothing")
	in.In("To").Addf("X", "must not be %q, got %q", "a", "a")
	diff := cmp.Diff([]string{
		"A: must be 1, got 2",
		"VPC.Rules[3].Port: must be set, got nothing",
		"VPC.Rules[3]: must be set, got nothing",
		`VPC.Rules[3].To.X: must not be "a", got "a"`,
	}, p.Strings())
	if diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := p.List()[0].Error(); got != "A: must be 1, got 2" {
		t.Errorf("error: got %q", got)
	}
	if got := p.List()[1].Field; got != "VPC.Rules[3].Port" {
		t.Errorf("field: got %q", got)
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 5} {
		want(t, "in", func(p *Problems) { p.Range("F", n, 2, 5) })
	}
	want(t, "1", func(p *Problems) { p.Range("F", 1, 2, 5) }, "F: must be from 2 to 5, got 1")
	want(t, "6", func(p *Problems) { p.Range("F", 6, 2, 5) }, "F: must be from 2 to 5, got 6")
	want(t, "1.0", func(p *Problems) { p.RangeFloat("F", 1, 0, 1) })
	want(t, "1.5", func(p *Problems) { p.RangeFloat("F", 1.5, 0, 1) }, "F: must be from 0 to 1, got 1.5")
	want(t, "NaN", func(p *Problems) { p.RangeFloat("F", math.NaN(), 0, 1) }, "F: must be from 0 to 1, got NaN")
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d    time.Duration
		want []string
	}{
		{d: time.Second}, {d: time.Minute},
		{d: time.Second - 1, want: []string{"F: must be from 1s to 1m0s, got 999.999999ms"}},
		{d: time.Second + 1, want: []string{"F: must be a whole number of seconds, got 1.000000001s"}},
		{d: time.Minute + 1, want: []string{"F: must be from 1s to 1m0s, got 1m0.000000001s"}},
	} {
		want(t, tc.d.String(), func(p *Problems) { p.Seconds("F", tc.d, time.Second, time.Minute) }, tc.want...)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	letters := regexp.MustCompile(`^[a-zä]*$`)
	pattern := func(s string, minimum int) func(p *Problems) {
		return func(p *Problems) { p.Pattern("F", s, minimum, 3, letters, "letters") }
	}
	for _, tc := range []struct {
		name  string
		check func(p *Problems)
		want  []string
	}{
		{name: "required", check: func(p *Problems) { p.Required("F", "a") }},
		{name: "required, empty", check: func(p *Problems) { p.Required("F", "") }, want: []string{"F: must be set, got nothing"}},
		{name: "required value", check: func(p *Problems) { p.RequiredValue("F", new("a")) }},
		{name: "required value, empty", check: func(p *Problems) { p.RequiredValue("F", new("")) }, want: []string{"F: must be set, got nothing"}},
		{name: "required value, nil", check: func(p *Problems) { p.RequiredValue("F", nil) }, want: []string{"F: must be set, got nothing"}},

		{name: "length 3", check: func(p *Problems) { p.Length("F", "äää", 1, 3) }},
		{name: "length 4", check: func(p *Problems) { p.Length("F", "äääa", 1, 3) }, want: []string{"F: must have 1 to 3 characters, got 4"}},
		{name: "length 0", check: func(p *Problems) { p.Length("F", "", 1, 3) }, want: []string{"F: must have 1 to 3 characters, got 0"}},
		{name: "length of a token", check: func(p *Problems) { p.Length("F", token, 1, 3) }},

		{name: "pattern", check: pattern("äa", 1)},
		{name: "pattern, too long", check: pattern("abcd", 1), want: []string{`F: must have 1 to 3 characters, got 4 in "abcd"`}},
		{name: "pattern, too short", check: pattern("a", 2), want: []string{`F: must have 2 to 3 characters, got 1 in "a"`}},
		{name: "pattern, empty", check: pattern("", 1), want: []string{"F: must be set, got nothing"}},
		{name: "pattern, empty allowed", check: pattern("", 0)},
		{name: "pattern, no match", check: pattern("A", 1), want: []string{`F: must be letters, got "A"`}},
		{name: "pattern, token", check: pattern(token, 1), want: []string{"F: must be known at synth, got a Terraform token"}},

		{name: "one of", check: func(p *Problems) { OneOf(p, "F", "a", "a", "b") }},
		{name: "one of two", check: func(p *Problems) { OneOf(p, "F", "c", "a", "b") }, want: []string{`F: must be "a" or "b", got "c"`}},
		{name: "one of three", check: func(p *Problems) { OneOf(p, "F", "", "a", "b", "c") }, want: []string{`F: must be "a", "b" or "c", got ""`}},
		{name: "one of one", check: func(p *Problems) { OneOf(p, "F", "b", "a") }, want: []string{`F: must be "a", got "b"`}},
		{name: "one of, token", check: func(p *Problems) { OneOf(p, "F", token, "a") }, want: []string{"F: must be known at synth, got a Terraform token"}},

		{name: "exclusive", check: func(p *Problems) { p.Exclusive("F", "G", true) }, want: []string{"F: must not be set together with G, got both"}},
		{name: "not both", check: func(p *Problems) { p.Exclusive("F", "G", false) }},

		{name: "object", check: func(p *Problems) { p.JSON("F", new(` {"a":1} `)) }},
		{name: "object, nil", check: func(p *Problems) { p.JSON("F", nil) }},
		{name: "object, null", check: func(p *Problems) { p.JSON("F", new("null")) }, want: []string{`F: must be a JSON object, got "null"`}},
		{name: "object, token", check: func(p *Problems) { p.JSON("F", new(token)) }},
		{
			name: "object, long", check: func(p *Problems) { p.JSON("F", new("["+strings.Repeat("1", 100))) },
			want: []string{`F: must be a JSON object, got "[` + strings.Repeat("1", 59) + `"…: unexpected end of JSON input`},
		},
		{name: "JSON", check: func(p *Problems) { p.JSONValue("F", new("null")) }},
		{name: "JSON, token", check: func(p *Problems) { p.JSONValue("F", new(token)) }},
		{name: "JSON, not", check: func(p *Problems) { p.JSONValue("F", new("nil")) }, want: []string{`F: must be JSON, got "nil"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want(t, tc.name, tc.check, tc.want...)
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text        string
		token, list bool
		shown       string
	}{
		{text: "a", shown: `"a"`},
		{text: "$a {b} 100%", shown: `"$a {b} 100%"`},
		{text: token, token: true, shown: "a Terraform token"},
		{text: "arn:" + token + ":x", token: true, shown: "a Terraform token"},
		{text: "${aws_sqs_queue.q.arn}", token: true, shown: "a Terraform token"},
		{text: "#{TfToken[TOKEN.2]}", token: true, list: true, shown: "a Terraform token"},
		{text: "&{TfToken[TOKEN.3]}", token: true, shown: "a Terraform token"},
		{text: "#{other}", shown: `"#{other}"`},
		{text: strings.Repeat("ä", 61), shown: `"` + strings.Repeat("ä", 60) + `"…`},
	} {
		if IsToken(tc.text) != tc.token || IsListToken(tc.text) != tc.list {
			t.Errorf("%q: got token %v, list %v", tc.text, IsToken(tc.text), IsListToken(tc.text))
		}
		if got := Shown(&tc.text); got != tc.shown {
			t.Errorf("%q: shown as %s, want %s", tc.text, got, tc.shown)
		}
		if text, ok := Literal(&tc.text); ok == tc.token || (ok && text != tc.text) {
			t.Errorf("%q: got literal %q, %v", tc.text, text, ok)
		}
	}
	if _, ok := Literal(nil); ok || Shown(nil) != "nothing" {
		t.Error("nil is taken for a literal")
	}
}

func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	got, err := MarshalJSON(map[string]string{"a": "${b && c} < d > e"})
	if want := `{"a":"${b && c} < d > e"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if _, err := MarshalJSON(math.NaN()); err == nil {
		t.Error("no error for what is not JSON")
	}
}
