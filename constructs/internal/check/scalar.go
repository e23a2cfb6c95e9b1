package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Range records a problem when got lies outside min and max, both allowed.
func (p *Problems) Range(field string, got, minimum, maximum int) {
	inRange(p, field, got, minimum, maximum)
}

// RangeFloat is Range for fractions.
func (p *Problems) RangeFloat(field string, got, minimum, maximum float64) {
	inRange(p, field, got, minimum, maximum)
}

func inRange[N cmp.Ordered](p *Problems, field string, got, minimum, maximum N) {
	if !(got >= minimum && got <= maximum) { //nolint:staticcheck // this way round, NaN is outside
		p.Addf(field, "must be from %v to %v, got %v", minimum, maximum, got)
	}
}

// Seconds records a problem when d lies outside min and max or is not a whole
// number of seconds, which is all that AWS takes.
func (p *Problems) Seconds(field string, d, minimum, maximum time.Duration) {
	switch {
	case d < minimum || d > maximum:
		p.Addf(field, "must be from %v to %v, got %v", minimum, maximum, d)
	case d%time.Second != 0:
		p.Addf(field, "must be a whole number of seconds, got %v", d)
	}
}

// Required records a problem when s is empty.
func (p *Problems) Required(field, s string) bool {
	if s == "" {
		p.Addf(field, "must be set, got nothing")
		return false
	}
	return true
}

// RequiredValue records a problem when s is nil or the empty string.
func (p *Problems) RequiredValue(field string, s *string) bool {
	if s == nil {
		return p.Required(field, "")
	}
	return p.Required(field, *s)
}

// Length records a problem when s has fewer than min or more than max characters.
// How long a token becomes is not known.
func (p *Problems) Length(field, s string, minimum, maximum int) bool {
	if IsToken(s) {
		return true
	}
	if n := utf8.RuneCountInString(s); n < minimum || n > maximum {
		p.Addf(field, "must have %d to %d characters, got %d", minimum, maximum, n)
		return false
	}
	return true
}

// Pattern records a problem when s, which has to be known at synth, does not
// match re or is outside min and max characters. what says in words what re
// allows: "letters, digits, - and _".
func (p *Problems) Pattern(field, s string, minimum, maximum int, re *regexp.Regexp, what string) bool {
	if !p.Known(field, s) || (minimum > 0 && !p.Required(field, s)) {
		return false
	}
	if n := utf8.RuneCountInString(s); n < minimum || n > maximum {
		p.Addf(field, "must have %d to %d characters, got %d in %s", minimum, maximum, n, clip(s))
		return false
	}
	if !re.MatchString(s) {
		p.Addf(field, "must be %s, got %q", what, s)
		return false
	}
	return true
}

// OneOf records a problem when got is not one of values.
func OneOf[S ~string](p *Problems, field string, got S, values ...S) bool {
	if slices.Contains(values, got) {
		return true
	}
	if p.Known(field, string(got)) {
		p.Addf(field, "must be %s, got %q", quoted(values), string(got))
	}
	return false
}

// JSON records a problem when s is a literal that is not a JSON object.
func (p *Problems) JSON(field string, s *string) {
	text, ok := Literal(s)
	if !ok {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		p.Addf(field, "must be a JSON object, got %s: %v", clip(text), err)
		return
	}
	if _, object := value.(map[string]any); !object {
		p.Addf(field, "must be a JSON object, got %s", clip(text))
	}
}

// JSONValue records a problem when s is a literal that is not JSON.
func (p *Problems) JSONValue(field string, s *string) {
	if text, ok := Literal(s); ok && !json.Valid([]byte(text)) {
		p.Addf(field, "must be JSON, got %s", clip(text))
	}
}

// Exclusive records a problem of field when it is set and the field with, which
// excludes it, is set too.
func (p *Problems) Exclusive(field, with string, both bool) {
	if both {
		p.Addf(field, "must not be set together with %s, got both", with)
	}
}

// clip quotes the beginning of a long text.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%q…", string(r[:most]))
	}
	return fmt.Sprintf("%q", s)
}
