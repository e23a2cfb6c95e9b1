package failure

import (
	"context"
	"errors"
	"fmt"

	"github.com/aegis-agents/aegis/controller/task"
)

// Error is a failure that has a name of package task.
type Error struct {
	Name string
	err  error
}

// New returns a failure called name. The format is that of fmt.Errorf.
func New(name, format string, args ...any) error {
	return &Error{Name: name, err: fmt.Errorf(format, args...)}
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns what New was given with %w, if anything.
func (e *Error) Unwrap() error { return errors.Unwrap(e.err) }

// NameOf returns the failure's name in err. Otherwise it is that of a defect:
// whoever knows a better one says it.
func NameOf(err error) string {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed.Name
	}
	return task.ErrorInternal
}

// Temporary says whether the same call may succeed when it is made again soon.
func Temporary(err error) bool {
	name := NameOf(err)
	return name == task.ErrorThrottled || name == task.ErrorUnavailable
}

// OfContext returns why ctx has ended when that is a failure, otherwise err.
// A call that was cut short says only that its context has ended.
func OfContext(ctx context.Context, err error) error {
	if failed, ok := errors.AsType[*Error](context.Cause(ctx)); ok && ctx.Err() != nil {
		return failed
	}
	return err
}

// Is says whether err is a failure.
func Is(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}
