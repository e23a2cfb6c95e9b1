package check

import "strings"

// IsToken reports whether s holds a value that is known only to Terraform: a
// cdktf token ("${TfToken[…", "#{TfToken[…", "&{TfToken[…") or an expression
// ("${aws_sqs_queue.q.arn}").
func IsToken(s string) bool {
	return strings.Contains(s, "${") || IsListToken(s) || strings.Contains(s, "&{TfToken[")
}

// IsListToken reports whether s stands for a whole list that is not known yet.
// cdktf writes such a list as one element.
func IsListToken(s string) bool { return strings.Contains(s, "#{TfToken[") }

// Literal returns the value of s when it is known at synth.
func Literal(s *string) (string, bool) {
	if s == nil || IsToken(*s) {
		return "", false
	}
	return *s, true
}

// Shown is s as an error shows it: the text of a token says nothing to a reader.
func Shown(s *string) string {
	if s == nil {
		return "nothing"
	}
	if IsToken(*s) {
		return "a Terraform token"
	}
	return clip(*s)
}

// Known records a problem when s, which has to be known at synth, is a token.
func (p *Problems) Known(field, s string) bool {
	if IsToken(s) {
		p.Addf(field, "must be known at synth, got a Terraform token")
		return false
	}
	return true
}
