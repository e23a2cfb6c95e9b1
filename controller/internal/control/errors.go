package control

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/task"
)

// The codes of this package.
const (
	UnknownWorkflow api.Code = "unknown_workflow"
	UnknownApproval api.Code = "unknown_approval"
	WorkflowExists  api.Code = "workflow_exists"
	WorkflowEnded   api.Code = "workflow_ended"
	AlreadyDecided  api.Code = "already_decided"
	NotWaiting      api.Code = "not_waiting"
	ApprovalExpired api.Code = "approval_expired"
	Unavailable     api.Code = "unavailable"
)

// Error is a request that is refused. Any other error of a Service may go away.
type Error struct {
	Status   int
	Code     api.Code
	Message  string
	Decision *task.Decision // what was decided before
}

func (e *Error) Error() string { return e.Message }

func refuse(status int, code api.Code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is nil without problems.
func invalid(problems ...error) error {
	err := errors.Join(problems...)
	if err == nil {
		return nil
	}
	return &Error{
		Status: http.StatusBadRequest, Code: api.InvalidRequest,
		Message: strings.ReplaceAll(err.Error(), "\n", "; "),
	}
}

func unknownWorkflow(id string) *Error {
	return refuse(http.StatusNotFound, UnknownWorkflow, "there is no workflow %q", short(id))
}

// short keeps a caller's own text readable.
func short(text string) string {
	if len(text) > task.MaxWorkflowID {
		return strings.ToValidUTF8(text[:task.MaxWorkflowID], "") + "…"
	}
	return text
}
