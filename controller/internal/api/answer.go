package api

import (
	"fmt"
	"net/http"
)

// Code names an error on the wire. Callers compare codes: rename none.
type Code string

// The codes of this package. Actions may add their own.
const (
	InvalidRequest   Code = "invalid_request"
	RequestTooLarge  Code = "request_too_large"
	UnknownAction    Code = "unknown_action"
	UnknownPath      Code = "unknown_path"
	MethodNotAllowed Code = "method_not_allowed"
)

// Error is why an answer is not ok, for a program and for a person.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Answer is what every answer has. An action with more to say embeds it in its own type:
//
//	type answer struct {
//		api.Answer
//		Checks []Check `json:"checks"`
//	}
type Answer struct {
	Status    int    `json:"status"` // an HTTP status code, whichever way the request came
	Action    string `json:"action,omitempty"`
	OK        bool   `json:"ok"`
	Version   string `json:"version"`
	RequestID string `json:"request_id,omitempty"`
	Error     *Error `json:"error,omitempty"` // set exactly when OK is false
}

// Base gives the Handler access to the common part.
func (a *Answer) Base() *Answer { return a }

// Answerer is an Answer or a pointer to a type that embeds one.
type Answerer interface{ Base() *Answer }

// Success is the common part of an answer that is ok.
func Success() Answer { return Answer{Status: http.StatusOK, OK: true} }

// Failure is the common part of an answer that is not.
func Failure(status int, code Code, message string) Answer {
	return Answer{Status: status, Error: &Error{Code: code, Message: message}}
}

func refuse(status int, code Code, format string, args ...any) *Answer {
	a := Failure(status, code, fmt.Sprintf(format, args...))
	return &a
}

func badRequest(format string, args ...any) *Answer {
	return refuse(http.StatusBadRequest, InvalidRequest, format, args...)
}
