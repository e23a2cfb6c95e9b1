package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/controller/task"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	const yes, no, none = task.OutcomeApproved, task.OutcomeRejected, task.Outcome("")
	for input, want := range map[string][]task.Outcome{
		"y\n":                       {yes},
		"yes\n":                     {yes},
		"  YES \r\n":                {yes},
		"y":                         {yes}, // the input ends without a line's end
		"n\n":                       {no},
		"No\n":                      {no},
		"\ny\n":                     {none, yes},
		"maybe\nyes please\n\nno\n": {none, none, none, no},
		"yes\nno\n":                 {yes}, // the rest is not read
		"":                          nil,
		"\n":                        {none},
		"maybe":                     {none},
	} {
		var got []task.Outcome
		for outcome := range answers(t.Context(), strings.NewReader(input)) {
			got = append(got, outcome)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", input, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/home/ada/.aegis":     "/home/ada/.aegis",
		".tools/bin/aegis":     ".tools/bin/aegis",
		"a_b-c+d:e@f%g,h":      "a_b-c+d:e@f%g,h",
		"":                     "''",
		"my data":              "'my data'",
		"it's":                 `'it'\''s'`,
		"'":                    `''\'''`,
		`"$HOME" ` + "`id`":    `'"$HOME" ` + "`id`'",
		"~/data":               "'~/data'",
		"a=b":                  "'a=b'",
		"#a;b&c|d<e>f(g)h*i?j": "'#a;b&c|d<e>f(g)h*i?j'",
		"{a,b}[c]!^\\":         "'{a,b}[c]!^\\'",
		"two\nlines\tand tabs": "'two\nlines\tand tabs'",
		"données":              "'données'",
	} {
		got := shellQuote(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		out, err := exec.Command("sh", "-c", "printf '[%s]' "+got).Output()
		if err != nil || string(out) != "["+text+"]" {
			t.Errorf("%q: a shell reads %s as %q, %v", text, got, out, err)
		}
	}
}
