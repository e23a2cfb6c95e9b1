package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one of the six fields of a cron expression.
type field struct {
	name     string
	min, max int
	words    []string // other names for min, min+1, …
	values   string   // the values, in an error's words
	special  func(f *field, item string) (matched bool, err error)
	alone    []string // signs that cannot be in a list
}

var fields = [6]field{
	{name: "minutes", min: 0, max: 59, values: "0-59"},
	{name: "hours", min: 0, max: 23, values: "0-23"},
	{name: "day-of-month", min: 1, max: 31, values: "1-31", special: dayOfMonth, alone: []string{"?"}},
	{
		name: "month", min: 1, max: 12, values: "1-12 or JAN-DEC",
		words: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
	},
	{
		name: "day-of-week", min: 1, max: 7, values: "1-7 or SUN-SAT", special: dayOfWeek, alone: []string{"#", "?"},
		words: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"},
	},
	{name: "year", min: firstYear, max: 2199, values: "1970-2199"},
}

const (
	firstYear = 1970
	dayField  = 2
	weekField = 4
)

// checkCron checks "minutes hours day-of-month month day-of-week year".
func checkCron(inner string) []error {
	parts := split(inner)
	if len(parts) != len(fields) {
		return problem("must have six fields in cron(minutes hours day-of-month month day-of-week year), got %d", len(parts))
	}
	var errs []error
	for i := range fields {
		for _, err := range fields[i].check(parts[i]) {
			errs = append(errs, fmt.Errorf("%s: %w", fields[i].name, err))
		}
	}
	// "You can't specify the Day-of-month and Day-of-week fields in the same
	// cron expression": one has a value or *, the other is ?.
	if day, week := parts[dayField], parts[weekField]; (day == "?") == (week == "?") {
		errs = append(errs, fmt.Errorf(`must have "?" in exactly one of day-of-month and day-of-week, got %q and %q`, day, week))
	}
	return errs
}

// check returns the problems of a field's text.
func (f *field) check(text string) []error {
	if text == "?" && slices.Contains(f.alone, text) {
		return nil
	}
	items := strings.Split(text, ",")
	for _, sign := range f.alone {
		// AWS reads "3#1,6#3" as two expressions.
		if len(items) > 1 && strings.Contains(text, sign) {
			return problem("must have %q alone, not in a list, got %q", sign, text)
		}
	}
	var errs []error
	for _, item := range items {
		if err := f.item(item, text); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// item checks one item of a list: a value, a range, a step or a special form.
func (f *field) item(item, text string) error {
	if item == "" {
		return fmt.Errorf("must not have an empty item in its list, got %q", text)
	}
	if f.special != nil {
		if matched, err := f.special(f, item); matched {
			return err
		}
	}
	base, step, stepped := strings.Cut(item, "/")
	if stepped {
		// AWS gives no limit for a step: one that is longer than the field, as
		// in 0/60, runs at its start.
		if _, ok := natural(step); !ok {
			return fmt.Errorf(`must have a positive whole number after "/", got %q`, item)
		}
	}
	if base == "*" || (base == "" && stepped) {
		return nil
	}
	low, high, isRange := strings.Cut(base, "-")
	if isRange && (low == "" || high == "") {
		return f.mustBe(base)
	}
	from, err := f.value(low)
	if err != nil || !isRange {
		return err
	}
	to, err := f.value(high)
	if err != nil {
		return err
	}
	// Other ranges may wrap around, as in 22-2 or FRI-MON. Years do not repeat.
	if from > to && f.min == firstYear {
		return fmt.Errorf("must not have a range that runs backwards, got %q", base)
	}
	return nil
}

// value returns the number of a value, which may be a word.
func (f *field) value(s string) (int, error) {
	if i := slices.Index(f.words, strings.ToUpper(s)); i >= 0 {
		return f.min + i, nil
	}
	n, ok := number(s)
	if !ok || n < f.min || n > f.max {
		return 0, f.mustBe(s)
	}
	return n, nil
}

func (f *field) mustBe(got string) error {
	return fmt.Errorf("must be %s, got %q", f.values, got)
}

// dayOfMonth checks L (the last day), L-3 (the third before it), LW (the last
// weekday), L-3W and 15W (the weekday nearest to it).
func dayOfMonth(f *field, item string) (bool, error) {
	day, weekday := strings.CutSuffix(strings.ToUpper(item), "W")
	if before, isLast := strings.CutPrefix(day, "L"); isLast {
		if before == "" {
			return true, nil
		}
		// A month has at most 30 days before its last.
		n, ok := number(strings.TrimPrefix(before, "-"))
		if before[0] != '-' || !ok || n < 1 || n > 30 {
			return true, fmt.Errorf("must be L, LW or L-1 to L-30 where it has an L, got %q", item)
		}
		return true, nil
	}
	if !weekday {
		return false, nil
	}
	if _, ok := number(day); !ok {
		return true, fmt.Errorf("must have a single day before W, got %q", item)
	}
	_, err := f.value(day)
	return true, err
}

// dayOfWeek checks L (the last day of the week), 6L or FRIL (the last Friday of
// the month) and 3#2 or TUE#2 (the second Tuesday).
func dayOfWeek(f *field, item string) (bool, error) {
	if day, nth, found := strings.Cut(item, "#"); found {
		if day == "" {
			return true, f.mustBe(item)
		}
		if _, err := f.value(day); err != nil {
			return true, err
		}
		if n, ok := number(nth); !ok || n < 1 || n > 5 {
			return true, fmt.Errorf(`must be 1-5 after "#", got %q`, item)
		}
		return true, nil
	}
	day, last := strings.CutSuffix(strings.ToUpper(item), "L")
	if !last || day == "" {
		return last, nil
	}
	_, err := f.value(day)
	return true, err
}

// number reads a whole number of up to four digits, which is enough for a year.
func number(s string) (int, bool) {
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
