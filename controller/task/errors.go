package task

import "fmt"

// Code names an error. It is stored and sent: rename none.
type Code string

// The codes of this package.
const (
	TooLarge       Code = "too_large"
	Malformed      Code = "malformed"
	UnknownVersion Code = "unknown_version"
	UnknownKind    Code = "unknown_kind"
	InvalidField   Code = "invalid_field"
	BodyMismatch   Code = "body_mismatch"
	UnknownKey     Code = "unknown_key"
	Forged         Code = "forged"
	Expired        Code = "expired"
	InvalidKey     Code = "invalid_key"
)

// What errors.Is compares with; the table is in the package's documentation.
var (
	ErrTooLarge       = &Error{Code: TooLarge}
	ErrMalformed      = &Error{Code: Malformed}
	ErrUnknownVersion = &Error{Code: UnknownVersion}
	ErrUnknownKind    = &Error{Code: UnknownKind}
	ErrInvalidField   = &Error{Code: InvalidField}
	ErrBodyMismatch   = &Error{Code: BodyMismatch}
	ErrUnknownKey     = &Error{Code: UnknownKey}
	ErrForged         = &Error{Code: Forged}
	ErrExpired        = &Error{Code: Expired}
	ErrInvalidKey     = &Error{Code: InvalidKey}
)

// Error is every error of this package.
type Error struct {
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"` // the field's path in the message, such as input.topic.ref.size
	Message string `json:"message"`

	cause error
}

func (e *Error) Error() string {
	switch {
	case e.Message == "":
		return string(e.Code)
	case e.Field == "":
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error) //nolint:errorlint // errors.Is has unwrapped already
	return ok && t.Code == e.Code
}

// Unwrap returns what the JSON decoder said, if it was that.
func (e *Error) Unwrap() error { return e.cause }

func fail(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

func invalid(field, format string, args ...any) *Error {
	return fail(InvalidField, field, format, args...)
}
