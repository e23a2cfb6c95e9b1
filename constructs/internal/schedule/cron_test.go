package schedule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckCronOfAWS holds expressions that AWS documents or was seen to take.
func TestCheckCronOfAWS(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{
		"0 10 * * ? *",
		"15 12 * * ? *",
		"0 18 ? * MON-FRI *",
		"0 8 1 * ? *",
		"0/15 * * * ? *",
		"0/10 * ? * MON-FRI *",
		"0/5 8-17 ? * MON-FRI *",
		"0/30 20-2 ? * MON-FRI *",
		"0 9 ? * 2#1 *",
		"0 2 ? * SAT#3 *",
		"* * ? * SAT#3 *",
		"15 10 ? * 6L 2002-2005",
		"15 10 ? * 6L 2022-2023",
		"0/5 5 ? JAN 1-5 2022",
		"5,35 14 * * ? *",
		"0-15/1 8-8 ? * 2,3,4,5,6,7 *",
		"0 11-23/2 * * ? *",
		"0 0 1 1-12/3 ? *",
		"0 9 L * ? *",
		"0 9 3W * ? *",
		"10 7/5 ? * Wed-Fri 2020",
	} {
		t.Run(fields, func(t *testing.T) {
			t.Parallel()
			for _, engine := range []Engine{Rule, Scheduler} {
				if errs := Check("cron("+fields+")", engine); errs != nil {
					t.Errorf("engine %d: got %v", engine, errs)
				}
			}
		})
	}
}

// TestCheckField takes each field to both sides of its limits.
func TestCheckField(t *testing.T) {
	t.Parallel()
	const step = `must have a positive whole number after "/", got `
	for _, tc := range []struct {
		field   string
		valid   []string
		invalid map[string]string
	}{
		{
			field: "minutes",
			valid: []string{"0", "59", "00", "*", "0-59", "59-0", "0,30,59", "*/5", "0/15", "/15", "0/60", "10-20/2", "1,10-20,30/5"},
			invalid: map[string]string{
				"60":       `must be 0-59, got "60"`,
				"-1":       `must be 0-59, got "-1"`,
				"0-60":     `must be 0-59, got "60"`,
				"60-0":     `must be 0-59, got "60"`,
				"1-":       `must be 0-59, got "1-"`,
				"1-2-3":    `must be 0-59, got "2-3"`,
				"1,60":     `must be 0-59, got "60"`,
				"60/5":     `must be 0-59, got "60"`,
				"1.5":      `must be 0-59, got "1.5"`,
				"00000":    `must be 0-59, got "00000"`,
				"x":        `must be 0-59, got "x"`,
				"?":        `must be 0-59, got "?"`,
				"L":        `must be 0-59, got "L"`,
				"**":       `must be 0-59, got "**"`,
				"*-5":      `must be 0-59, got "*"`,
				"0/0":      step + `"0/0"`,
				"*/":       step + `"*/"`,
				"*/-5":     step + `"*/-5"`,
				"0/5/5":    step + `"0/5/5"`,
				"0/x":      step + `"0/x"`,
				"1,,2":     `must not have an empty item in its list, got "1,,2"`,
				"1,":       `must not have an empty item in its list, got "1,"`,
				"1,\u00a0": `must be 0-59, got "` + `\u00a0` + `"`,
			},
		},
		{
			field: "hours",
			valid: []string{"0", "23", "*", "0-23", "22-2", "0,12", "*/6", "8-17/3"},
			invalid: map[string]string{
				"24":   `must be 0-23, got "24"`,
				"0-24": `must be 0-23, got "24"`,
				"?":    `must be 0-23, got "?"`,
				"W":    `must be 0-23, got "W"`,
			},
		},
		{
			field: "day-of-month",
			valid: []string{"1", "31", "*", "1-31", "28-3", "1,15", "1/2", "*/2", "L", "l", "LW", "L-1", "L-30", "L-3W", "1W", "31W", "15w", "1W,15W", "1,L"},
			invalid: map[string]string{
				"0":     `must be 1-31, got "0"`,
				"32":    `must be 1-31, got "32"`,
				"0W":    `must be 1-31, got "0"`,
				"32W":   `must be 1-31, got "32"`,
				"W":     `must have a single day before W, got "W"`,
				"*W":    `must have a single day before W, got "*W"`,
				"1-5W":  `must have a single day before W, got "1-5W"`,
				"L-0":   `must be L, LW or L-1 to L-30 where it has an L, got "L-0"`,
				"L-31":  `must be L, LW or L-1 to L-30 where it has an L, got "L-31"`,
				"L-":    `must be L, LW or L-1 to L-30 where it has an L, got "L-"`,
				"L3":    `must be L, LW or L-1 to L-30 where it has an L, got "L3"`,
				"L--3":  `must be L, LW or L-1 to L-30 where it has an L, got "L--3"`,
				"L/2":   `must be L, LW or L-1 to L-30 where it has an L, got "L/2"`,
				"3L":    `must be 1-31, got "3L"`,
				"1-L":   `must be 1-31, got "L"`,
				"MON":   `must be 1-31, got "MON"`,
				"3#1":   `must be 1-31, got "3#1"`,
				"?,1":   `must have "?" alone, not in a list, got "?,1"`,
				"?/2":   `must be 1-31, got "?"`,
				"1,,31": `must not have an empty item in its list, got "1,,31"`,
			},
		},
		{
			field: "month",
			valid: []string{"1", "12", "*", "JAN", "DEC", "jan", "Jan-Mar", "NOV-FEB", "11-2", "JAN-6", "1,JUL", "*/3", "JAN/3", "1-12/3"},
			invalid: map[string]string{
				"0":    `must be 1-12 or JAN-DEC, got "0"`,
				"13":   `must be 1-12 or JAN-DEC, got "13"`,
				"JANU": `must be 1-12 or JAN-DEC, got "JANU"`,
				"MON":  `must be 1-12 or JAN-DEC, got "MON"`,
				"?":    `must be 1-12 or JAN-DEC, got "?"`,
				"L":    `must be 1-12 or JAN-DEC, got "L"`,
			},
		},
		{
			field: "day-of-week",
			valid: []string{"1", "7", "*", "SUN", "SAT", "sat", "2-6", "MON-FRI", "FRI-MON", "6-2", "MON,WED,6", "2/2", "*/2",
				"L", "1L", "7L", "6l", "FRIL", "fril", "MON,FRIL", "1#1", "7#5", "TUE#2", "tue#2"},
			invalid: map[string]string{
				"0":       `must be 1-7 or SUN-SAT, got "0"`,
				"8":       `must be 1-7 or SUN-SAT, got "8"`,
				"NOT":     `must be 1-7 or SUN-SAT, got "NOT"`,
				"MONDAY":  `must be 1-7 or SUN-SAT, got "MONDAY"`,
				"JAN":     `must be 1-7 or SUN-SAT, got "JAN"`,
				"0L":      `must be 1-7 or SUN-SAT, got "0"`,
				"8L":      `must be 1-7 or SUN-SAT, got "8"`,
				"LL":      `must be 1-7 or SUN-SAT, got "L"`,
				"2-6L":    `must be 1-7 or SUN-SAT, got "2-6"`,
				"LW":      `must be 1-7 or SUN-SAT, got "LW"`,
				"0#1":     `must be 1-7 or SUN-SAT, got "0"`,
				"8#1":     `must be 1-7 or SUN-SAT, got "8"`,
				"#1":      `must be 1-7 or SUN-SAT, got "#1"`,
				"2#0":     `must be 1-5 after "#", got "2#0"`,
				"2#6":     `must be 1-5 after "#", got "2#6"`,
				"2#":      `must be 1-5 after "#", got "2#"`,
				"2#1#1":   `must be 1-5 after "#", got "2#1#1"`,
				"3#1,6#3": `must have "#" alone, not in a list, got "3#1,6#3"`,
				"MON,6#3": `must have "#" alone, not in a list, got "MON,6#3"`,
				"?,MON":   `must have "?" alone, not in a list, got "?,MON"`,
			},
		},
		{
			field: "year",
			valid: []string{"1970", "2199", "*", "2026-2030", "2026-2026", "2026,2028", "2026/2", "*/4", "2020-2040/5"},
			invalid: map[string]string{
				"1969":      `must be 1970-2199, got "1969"`,
				"2200":      `must be 1970-2199, got "2200"`,
				"26":        `must be 1970-2199, got "26"`,
				"02026":     `must be 1970-2199, got "02026"`,
				"2190-2200": `must be 1970-2199, got "2200"`,
				"2030-2026": `must not have a range that runs backwards, got "2030-2026"`,
				"?":         `must be 1970-2199, got "?"`,
			},
		},
	} {
		t.Run(tc.field, func(t *testing.T) {
			t.Parallel()
			for _, text := range tc.valid {
				if errs := Check(cronWith(t, tc.field, text), Rule); errs != nil {
					t.Errorf("%s: got %v", text, errs)
				}
			}
			for text, want := range tc.invalid {
				got := texts(Check(cronWith(t, tc.field, text), Rule))
				if diff := cmp.Diff([]string{tc.field + ": " + want}, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", text, diff)
				}
			}
		})
	}
}

// cronWith returns an expression that is valid but for the text of one field.
func cronWith(t *testing.T, field, text string) string {
	t.Helper()
	parts := []string{"0", "0", "1", "*", "?", "*"}
	if field == fields[weekField].name {
		parts[dayField] = "?"
	}
	for i := range fields {
		if fields[i].name == field {
			parts[i] = text
			return "cron(" + strings.Join(parts, " ") + ")"
		}
	}
	t.Fatalf("there is no field %s", field)
	return ""
}

func TestCheckCronDays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		day, week string
		valid     bool
	}{
		{"*", "?", true},
		{"?", "*", true},
		{"1", "?", true},
		{"?", "MON", true},
		{"*", "*", false},
		{"1", "MON", false},
		{"*", "MON", false},
		{"1", "*", false},
		{"?", "?", false},
	} {
		t.Run(tc.day+" "+tc.week, func(t *testing.T) {
			t.Parallel()
			var want []string
			if !tc.valid {
				want = []string{fmt.Sprintf(`must have "?" in exactly one of day-of-month and day-of-week, got %q and %q`, tc.day, tc.week)}
			}
			got := texts(Check(fmt.Sprintf("cron(0 0 %s * %s *)", tc.day, tc.week), Scheduler))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckCronFields(t *testing.T) {
	t.Parallel()
	const six = "must have six fields in cron(minutes hours day-of-month month day-of-week year), got "
	for _, tc := range []struct {
		name, expr string
		want       []string
	}{
		{name: "none", expr: "cron()", want: []string{six + "0"}},
		{name: "one", expr: "cron(INVALID)", want: []string{six + "1"}},
		{name: "five, as in Unix", expr: "cron(0 0 * * ?)", want: []string{six + "5"}},
		{name: "seven, as in Quartz", expr: "cron(0 0 0 * * ? *)", want: []string{six + "7"}},
		{name: "white space", expr: "cron( 0\t0  * * ?\n* )"},
		{name: "a parenthesis too many", expr: "cron(0 0 * * ? *))", want: []string{`year: must be 1970-2199, got "*)"`}},
		{name: "every problem, in order", expr: "cron(60,61 24 0 13 8 2200)", want: []string{
			`minutes: must be 0-59, got "60"`,
			`minutes: must be 0-59, got "61"`,
			`hours: must be 0-23, got "24"`,
			`day-of-month: must be 1-31, got "0"`,
			`month: must be 1-12 or JAN-DEC, got "13"`,
			`day-of-week: must be 1-7 or SUN-SAT, got "8"`,
			`year: must be 1970-2199, got "2200"`,
			`must have "?" in exactly one of day-of-month and day-of-week, got "0" and "8"`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, texts(Check(tc.expr, Rule))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
