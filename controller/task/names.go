package task

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of names and numbers.
const (
	// MaxWorkflowID is the longest workflow id: it is the name of a Step Functions execution.
	// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
	MaxWorkflowID = 80
	// MaxStep is the longest name of a step. A state's name takes 80, and the
	// states that flow makes for a step append up to 12 to its name.
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	MaxStep = 64
	// MaxIndex is the highest index of a task in a step.
	MaxIndex = 9999
	// MaxAttempt is the most that Step Functions retries.
	// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
	MaxAttempt = 99999999
	// MaxSeconds is a year, the longest that an execution lasts.
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	MaxSeconds = 365 * 24 * 60 * 60
	// MaxError and MaxCause are what SendTaskFailure takes.
	// https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html
	MaxError = 256
	MaxCause = 32768
	// MaxToken is the longest task token.
	// https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
	MaxToken = 2048

	maxAgent  = 64
	maxKeyID  = 64
	maxBy     = 256
	maxModel  = 256
	maxText   = 2048
	maxTokens = 1 << 40
	maxInputs = 32
	maxYear   = 9999
)

// CheckWorkflowID refuses what is no workflow id: letters, digits, - and _,
// the characters of an execution's name that CloudWatch logs too.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func CheckWorkflowID(id string) error {
	return asError(checkName("workflow", id, MaxWorkflowID, isWord, "letters, digits, - and _"))
}

// CheckStep refuses what is no name of a step: a lower-case letter, then lower-case letters,
// digits and _. Such a name needs no quoting in a JSON path, and leaves
// the - to the states that are made for a step.
func CheckStep(name string) error {
	return asError(checkStep("step", name))
}

// CheckInput refuses what is no name of a task's input: the same as a step's.
func CheckInput(name string) error {
	return asError(checkStep("input", name))
}

// CheckAgent refuses what is no agent's name.
func CheckAgent(name string) error {
	return asError(checkAgent("agent", name))
}

// CheckErrorName refuses what an agent may not call an error. Names that begin
// with States. are those of Step Functions, which decides by them.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func CheckErrorName(name string) error {
	return asError(checkErrorName("error", name))
}

// asError keeps a nil *Error from becoming an error that is not nil.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

func checkStep(field, name string) *Error {
	const want = "a lower-case letter, then lower-case letters, digits and _"
	if err := checkName(field, name, MaxStep, isStep, want); err != nil {
		return err
	}
	if !isLower(rune(name[0])) {
		return invalid(field, "must be %s, got %q", want, name)
	}
	return nil
}

func checkAgent(field, name string) *Error {
	return checkName(field, name, maxAgent, func(r rune) bool { return isLower(r) || isDigit(r) || r == '-' },
		"lower-case letters, digits and -")
}

func checkErrorName(field, name string) *Error {
	err := checkName(field, name, MaxError, func(r rune) bool { return isWord(r) || r == '.' }, "letters, digits, ., - and _")
	if err == nil && strings.HasPrefix(name, "States.") {
		err = invalid(field, "must not begin with States., got %q", name)
	}
	return err
}

func checkName(field, value string, longest int, allowed func(rune) bool, want string) *Error {
	if value == "" {
		return invalid(field, "must not be empty")
	}
	if len(value) > longest {
		return invalid(field, "must have at most %d characters, got %d", longest, len(value))
	}
	for _, r := range value {
		if !allowed(r) {
			return invalid(field, "must be %s, got %q", want, value)
		}
	}
	return nil
}

// checkText is for what people wrote: any text that is not too long.
func checkText(field, value string, longest int) *Error {
	if len(value) > longest {
		return invalid(field, "must have at most %d bytes, got %d", longest, len(value))
	}
	if !utf8.ValidString(value) {
		return invalid(field, "must be UTF-8")
	}
	return nil
}

func checkRange(field string, value, lowest, highest int) *Error {
	if value < lowest || value > highest {
		return invalid(field, "must be from %d to %d, got %d", lowest, highest, value)
	}
	return nil
}

// checkTime wants what encodes and decodes to the same: UTC, a year of four digits.
func checkTime(field string, value time.Time) *Error {
	if value.IsZero() {
		return invalid(field, "must be set")
	}
	if value.Location() != time.UTC || value.Year() < 1 || value.Year() > maxYear {
		return invalid(field, "must be a time in UTC, got %s", value.Format(time.RFC3339Nano))
	}
	return nil
}

func isLower(r rune) bool { return r >= 'a' && r <= 'z' }
func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isStep(r rune) bool  { return isLower(r) || isDigit(r) || r == '_' }
func isWord(r rune) bool  { return isStep(r) || r == '-' || (r >= 'A' && r <= 'Z') }

// firstOf returns the first error there is.
func firstOf(errs ...*Error) *Error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
