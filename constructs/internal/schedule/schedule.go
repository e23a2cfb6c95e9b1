package schedule

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Engine is the service that runs a schedule.
type Engine int

// The engines.
const (
	Rule      Engine = iota // a rule of an EventBridge bus
	Scheduler               // EventBridge Scheduler
)

// maxExpression is the limit of both engines.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
const maxExpression = 256

// atLayout is yyyy-mm-ddThh:mm:ss; the zone is a property of the schedule.
const atLayout = "2006-01-02T15:04:05"

// Check returns every problem that expr has in the grammar of the engine, nil
// if it has none. Each error reads "must …, got …", some after the name of the
// part of the expression that it is about.
func Check(expr string, engine Engine) []error {
	if n := utf8.RuneCountInString(expr); n > maxExpression {
		// The rest would only repeat a text that is too long to read.
		return problem("must have from 1 to %d characters, got %d", maxExpression, n)
	}
	if strings.TrimSpace(expr) != expr {
		return problem("must not have spaces around it, got %q", expr)
	}
	kind, inner, ok := call(expr)
	switch {
	case ok && kind == "rate":
		return checkRate(inner, engine)
	case ok && kind == "cron":
		return checkCron(inner)
	case ok && kind == "at" && engine == Scheduler:
		return checkAt(inner)
	case NeedsScheduler(expr):
		if engine == Rule {
			return problem("must be rate(value unit) or cron(fields) in a rule, as only EventBridge Scheduler takes at(…), got %q", expr)
		}
		return problem("must be at(yyyy-mm-ddThh:mm:ss), got %q", expr)
	case engine == Rule:
		return problem("must be rate(value unit) or cron(fields), got %q", expr)
	default:
		return problem("must be rate(value unit), cron(fields) or at(yyyy-mm-ddThh:mm:ss), got %q", expr)
	}
}

// NeedsScheduler tells whether expr is of the kind that only EventBridge
// Scheduler runs, which is at(…).
func NeedsScheduler(expr string) bool {
	return strings.HasPrefix(strings.TrimSpace(expr), "at(")
}

// call splits name(inner). AWS writes the names in lower case.
func call(expr string) (name, inner string, ok bool) {
	name, rest, found := strings.Cut(expr, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	return name, inner, found && closed
}

// checkRate checks "value unit".
func checkRate(inner string, engine Engine) []error {
	// Both engines were seen to refuse rate( 10 minutes ).
	if strings.TrimSpace(inner) != inner {
		return problem(`must not have spaces around the value and unit of rate(value unit), got "rate(%s)"`, inner)
	}
	parts := split(inner)
	if len(parts) != 2 {
		return problem(`must be rate(value unit), got "rate(%s)"`, inner)
	}
	value, unit := parts[0], parts[1]

	var errs []error
	number, ok := natural(value)
	if !ok {
		errs = append(errs, fmt.Errorf("value: must be a positive whole number, got %q", value))
	}
	if err := checkUnit(unit, number, engine); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// checkUnit checks the unit after a value; no value means that it is unknown.
func checkUnit(unit, value string, engine Engine) error {
	known := unit
	if engine == Scheduler {
		// Scheduler takes either number, and, unlike a rule, either case.
		known = strings.ToLower(unit)
	}
	singular := known == "minute" || known == "hour" || known == "day"
	plural := known == "minutes" || known == "hours" || known == "days"
	switch {
	case !singular && !plural:
		return fmt.Errorf("unit: must be minutes, hours or days, got %q", unit)
	case engine == Scheduler || value == "":
		return nil
	case value == "1" && plural:
		return fmt.Errorf("unit: must be minute, hour or day after 1 in a rule, got %q", unit)
	case value != "1" && singular:
		return fmt.Errorf("unit: must be minutes, hours or days after %s in a rule, got %q", value, unit)
	}
	return nil
}

// checkAt checks a date and time. Formatting it again is the check: Parse also
// takes fractions of a second and an hour of one digit.
func checkAt(inner string) []error {
	at, err := time.Parse(atLayout, inner)
	if err != nil || at.Format(atLayout) != inner {
		return problem(`must be at(yyyy-mm-ddThh:mm:ss) with a date of the calendar and no zone, got "at(%s)"`, inner)
	}
	return nil
}

// split splits at ASCII white space. Other spaces, which come with text copied
// from a page, are part of a value and make it wrong, as they do at AWS.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) })
}

// natural returns a positive whole number without leading zeros. It stays a
// text, as AWS documents no upper limit.
func natural(s string) (string, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	s = strings.TrimLeft(s, "0")
	return s, s != ""
}

func problem(format string, args ...any) []error {
	return []error{fmt.Errorf(format, args...)}
}
