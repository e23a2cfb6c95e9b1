package schedule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// texts returns what errors say, for comparison.
func texts(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

func TestCheckRate(t *testing.T) {
	t.Parallel()
	const (
		spaces = `must not have spaces around the value and unit of rate(value unit), got `
		form   = `must be rate(value unit), got `
		value  = `value: must be a positive whole number, got `
		unit   = `unit: must be minutes, hours or days, got `
	)
	for _, tc := range []struct {
		name, expr      string
		rule, scheduler []string
	}{
		{name: "1 minute", expr: "rate(1 minute)"},
		{name: "1 hour", expr: "rate(1 hour)"},
		{name: "1 day", expr: "rate(1 day)"},
		{name: "2 minutes", expr: "rate(2 minutes)"},
		{name: "10 hours", expr: "rate(10 hours)"},
		{name: "365 days", expr: "rate(365 days)"},
		{name: "more than a machine word", expr: "rate(99999999999999999999 days)"},
		{name: "leading zeros", expr: "rate(05 minutes)"},
		{name: "two spaces", expr: "rate(5  minutes)"},
		{name: "1 minutes", expr: "rate(1 minutes)",
			rule: []string{`unit: must be minute, hour or day after 1 in a rule, got "minutes"`}},
		{name: "1 with a zero before it", expr: "rate(01 days)",
			rule: []string{`unit: must be minute, hour or day after 1 in a rule, got "days"`}},
		{name: "2 minute", expr: "rate(2 minute)",
			rule: []string{`unit: must be minutes, hours or days after 2 in a rule, got "minute"`}},
		{name: "10 day", expr: "rate(10 day)",
			rule: []string{`unit: must be minutes, hours or days after 10 in a rule, got "day"`}},
		{name: "capital letters", expr: "rate(10 MINUTES)", rule: []string{unit + `"MINUTES"`}},
		{name: "zero", expr: "rate(0 minutes)", rule: []string{value + `"0"`}, scheduler: []string{value + `"0"`}},
		{name: "negative", expr: "rate(-10 minutes)", rule: []string{value + `"-10"`}, scheduler: []string{value + `"-10"`}},
		{name: "signed", expr: "rate(+1 minute)", rule: []string{value + `"+1"`}, scheduler: []string{value + `"+1"`}},
		{name: "fraction", expr: "rate(1.5 hours)", rule: []string{value + `"1.5"`}, scheduler: []string{value + `"1.5"`}},
		{name: "word", expr: "rate(foo minutes)", rule: []string{value + `"foo"`}, scheduler: []string{value + `"foo"`}},
		{name: "other digits", expr: "rate(٣ minutes)", rule: []string{value + `"٣"`}, scheduler: []string{value + `"٣"`}},
		{name: "seconds", expr: "rate(10 seconds)", rule: []string{unit + `"seconds"`}, scheduler: []string{unit + `"seconds"`}},
		{name: "a letter too many", expr: "rate(10 minutess)", rule: []string{unit + `"minutess"`}, scheduler: []string{unit + `"minutess"`}},
		{name: "both wrong", expr: "rate(x years)",
			rule:      []string{value + `"x"`, unit + `"years"`},
			scheduler: []string{value + `"x"`, unit + `"years"`}},
		{name: "nothing", expr: "rate()", rule: []string{form + `"rate()"`}, scheduler: []string{form + `"rate()"`}},
		{name: "no unit", expr: "rate(10)", rule: []string{form + `"rate(10)"`}, scheduler: []string{form + `"rate(10)"`}},
		{name: "no space", expr: "rate(10minutes)", rule: []string{form + `"rate(10minutes)"`}, scheduler: []string{form + `"rate(10minutes)"`}},
		{name: "two rates", expr: "rate(1 hour 5 minutes)",
			rule: []string{form + `"rate(1 hour 5 minutes)"`}, scheduler: []string{form + `"rate(1 hour 5 minutes)"`}},
		{name: "spaces inside", expr: "rate( 10 minutes )",
			rule: []string{spaces + `"rate( 10 minutes )"`}, scheduler: []string{spaces + `"rate( 10 minutes )"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.rule, texts(Check(tc.expr, Rule))); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.scheduler, texts(Check(tc.expr, Scheduler))); diff != "" {
				t.Errorf("scheduler (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckAt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, inner string
		valid       bool
	}{
		{name: "date and time", inner: "2026-03-01T12:30:15", valid: true},
		{name: "start of a year", inner: "2026-01-01T00:00:00", valid: true},
		{name: "end of a year", inner: "2026-12-31T23:59:59", valid: true},
		{name: "leap day", inner: "2028-02-29T00:00:00", valid: true},
		{name: "leap day of no leap year", inner: "2027-02-29T00:00:00"},
		{name: "leap day of a century", inner: "2100-02-29T00:00:00"},
		{name: "April 31st", inner: "2026-04-31T00:00:00"},
		{name: "day 0", inner: "2026-04-00T00:00:00"},
		{name: "month 0", inner: "2026-00-01T00:00:00"},
		{name: "month 13", inner: "2026-13-01T00:00:00"},
		{name: "hour 24", inner: "2026-01-01T24:00:00"},
		{name: "minute 60", inner: "2026-01-01T00:60:00"},
		{name: "second 60", inner: "2026-01-01T00:00:60"},
		{name: "no time", inner: "2026-01-01"},
		{name: "no seconds", inner: "2026-01-01T00:00"},
		{name: "fraction of a second", inner: "2026-01-01T00:00:00.5"},
		{name: "zone", inner: "2026-01-01T00:00:00Z"},
		{name: "offset", inner: "2026-01-01T00:00:00+01:00"},
		{name: "small t", inner: "2026-01-01t00:00:00"},
		{name: "space for T", inner: "2026-01-01 00:00:00"},
		{name: "short hour", inner: "2026-01-01T1:00:00"},
		{name: "short year", inner: "26-01-01T00:00:00"},
		{name: "space inside", inner: " 2026-01-01T00:00:00"},
		{name: "nothing", inner: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			expr := "at(" + tc.inner + ")"
			var want []string
			if !tc.valid {
				want = []string{`must be at(yyyy-mm-ddThh:mm:ss) with a date of the calendar and no zone, got "` + expr + `"`}
			}
			if diff := cmp.Diff(want, texts(Check(expr, Scheduler))); diff != "" {
				t.Errorf("scheduler (-want +got):\n%s", diff)
			}
			want = []string{`must be rate(value unit) or cron(fields) in a rule, as only EventBridge Scheduler takes at(…), got "` + expr + `"`}
			if diff := cmp.Diff(want, texts(Check(expr, Rule))); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckForm(t *testing.T) {
	t.Parallel()
	const (
		rule      = `must be rate(value unit) or cron(fields), got `
		scheduler = `must be rate(value unit), cron(fields) or at(yyyy-mm-ddThh:mm:ss), got `
		spaces    = `must not have spaces around it, got `
	)
	for _, tc := range []struct {
		name, expr      string
		rule, scheduler string
	}{
		{"nothing", "", rule + `""`, scheduler + `""`},
		{"no kind", "5 minutes", rule + `"5 minutes"`, scheduler + `"5 minutes"`},
		{"another kind", "every(5 minutes)", rule + `"every(5 minutes)"`, scheduler + `"every(5 minutes)"`},
		{"capital letters", "RATE(5 minutes)", rule + `"RATE(5 minutes)"`, scheduler + `"RATE(5 minutes)"`},
		{"no parenthesis", "cron", rule + `"cron"`, scheduler + `"cron"`},
		{"open parenthesis", "rate(5 minutes", rule + `"rate(5 minutes"`, scheduler + `"rate(5 minutes"`},
		{"space before it", "rate (5 minutes)", rule + `"rate (5 minutes)"`, scheduler + `"rate (5 minutes)"`},
		{"text after it", "rate(5 minutes) UTC", rule + `"rate(5 minutes) UTC"`, scheduler + `"rate(5 minutes) UTC"`},
		{"open at", "at(2026-01-01T00:00:00",
			`must be rate(value unit) or cron(fields) in a rule, as only EventBridge Scheduler takes at(…), got "at(2026-01-01T00:00:00"`,
			`must be at(yyyy-mm-ddThh:mm:ss), got "at(2026-01-01T00:00:00"`},
		{"space in front", " rate(10 minutes)", spaces + `" rate(10 minutes)"`, spaces + `" rate(10 minutes)"`},
		{"space behind", "rate(10 minutes)\n", spaces + `"rate(10 minutes)\n"`, spaces + `"rate(10 minutes)\n"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{tc.rule}, texts(Check(tc.expr, Rule))); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{tc.scheduler}, texts(Check(tc.expr, Scheduler))); diff != "" {
				t.Errorf("scheduler (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckLength(t *testing.T) {
	t.Parallel()
	list := "cron(" + strings.Repeat("0,", 100) + "0 0 1 1 ? 2026)"
	if n := len(list); n >= maxExpression {
		t.Fatalf("the expression has %d characters", n)
	}
	longest := "cron(" + strings.Repeat(" ", maxExpression-len(list)) + list[len("cron("):]
	for _, engine := range []Engine{Rule, Scheduler} {
		if errs := Check(longest, engine); errs != nil {
			t.Errorf("got %v for %d characters", errs, len(longest))
		}
		got := texts(Check(strings.Replace(longest, "(", "( ", 1), engine))
		if diff := cmp.Diff([]string{"must have from 1 to 256 characters, got 257"}, got); diff != "" {
			t.Errorf("one more (-want +got):\n%s", diff)
		}
	}
}

func TestNeedsScheduler(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		"at(2026-01-01T00:00:00)": true,
		" at(":                    true,
		"rate(1 hour)":            false,
		"cron(0 0 1 1 ? *)":       false,
		"at":                      false,
		"":                        false,
	} {
		if got := NeedsScheduler(expr); got != want {
			t.Errorf("NeedsScheduler(%q): got %v, want %v", expr, got, want)
		}
	}
}

// FuzzCheck checks that no text is too strange, and that the engines differ
// only where they are known to: what a rule takes, Scheduler takes as well.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"", "(", ")", "rate(1 minute)", "rate(x y)", "cron()", "cron(* * ? * L *)", "cron(0/5 8-17 L-3W JAN-DEC ? 2026/2)",
		"cron(0 0 ? * FRI#5,2L *)", "cron(,/-#LW ? ? ? ? ?)", "at(2026-02-30T00:00:00)", "at(", "rate(\xff \x00)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		rule, scheduler := Check(expr, Rule), Check(expr, Scheduler)
		if len(rule) == 0 && len(scheduler) > 0 {
			t.Errorf("a rule takes %q, but Scheduler has %v", expr, scheduler)
		}
		for _, err := range append(rule, scheduler...) {
			if text := err.Error(); !strings.Contains(text, "must ") || !strings.Contains(text, "got ") {
				t.Errorf("got error %q for %q", text, expr)
			}
		}
		_ = NeedsScheduler(expr)
	})
}
