package stepfn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Engine = (*Engine)(nil)

// cancelError is the error of an execution that was stopped, in the console.
const cancelError = "Cancelled"

// Engine is a port.Engine.
type Engine struct {
	client   *sfn.Client
	machines map[string]machine
}

// machine is a state machine: its ARN and what its executions' ARNs begin with.
type machine struct{ arn, executions string }

// New returns the Engine with the ARNs of state machines by the names of their
// flows. It returns all errors.
func New(client *sfn.Client, machines map[string]string) (*Engine, error) {
	e := &Engine{client: client, machines: map[string]machine{}}
	var problems []error
	for name, arn := range machines {
		executions, err := executionPrefix(arn)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		e.machines[name] = machine{arn: arn, executions: executions}
	}
	// In an order of their own, not in the map's.
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return e, errors.Join(problems...)
}

// executionPrefix derives what the ARNs of a state machine's executions begin with.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html#awsstepfunctions-resources-for-iam-policies
func executionPrefix(arn string) (string, error) {
	parts := strings.Split(arn, ":")
	// An eighth part is a version or an alias, which executions do not have.
	if len(parts) < 7 || len(parts) > 8 || parts[0] != "arn" || parts[2] != "states" || parts[5] != "stateMachine" || parts[6] == "" {
		return "", fmt.Errorf("must be the ARN of a state machine, got %q", arn)
	}
	return strings.Join(append(parts[:5:5], "execution", parts[6], ""), ":"), nil
}

// Start is port.Engine's.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (e *Engine) Start(ctx context.Context, flowName, id string, input []byte) error {
	m, err := e.machine(flowName)
	if err != nil {
		return err
	}
	_, err = e.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &m.arn, Name: &id, Input: aws.String(string(input)),
	})
	return failed(err)
}

// Describe is port.Engine's. It may not know an execution that has just started.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
func (e *Engine) Describe(ctx context.Context, flowName, id string) (port.ExecutionStatus, error) {
	m, err := e.machine(flowName)
	if err != nil {
		return port.ExecutionStatus{}, err
	}
	out, err := e.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(m.executions + id)})
	if err != nil {
		return port.ExecutionStatus{}, failed(err)
	}
	s := port.ExecutionStatus{
		Status: string(status(out.Status)), Started: aws.ToTime(out.StartDate).UTC(),
		Error: aws.ToString(out.Error), Cause: aws.ToString(out.Cause),
	}
	if out.StopDate != nil {
		s.Stopped = out.StopDate.UTC()
	}
	if out.Output != nil {
		s.Output = []byte(*out.Output)
	}
	return s, nil
}

// Cancel is port.Engine's.
func (e *Engine) Cancel(ctx context.Context, flowName, id, cause string) error {
	m, err := e.machine(flowName)
	if err != nil {
		return err
	}
	_, err = e.client.StopExecution(ctx, &sfn.StopExecutionInput{
		ExecutionArn: aws.String(m.executions + id), Error: aws.String(cancelError), Cause: aws.String(cut(cause, task.MaxCause)),
	})
	return failed(err)
}

// Succeed is port.Engine's.
func (e *Engine) Succeed(ctx context.Context, token task.Token, output []byte) error {
	_, err := e.client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
		TaskToken: aws.String(string(token)), Output: aws.String(string(output)),
	})
	return failed(err)
}

// Fail is port.Engine's.
func (e *Engine) Fail(ctx context.Context, token task.Token, name, cause string) error {
	_, err := e.client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{
		TaskToken: aws.String(string(token)), Error: aws.String(cut(name, task.MaxError)), Cause: aws.String(cut(cause, task.MaxCause)),
	})
	return failed(err)
}

// Heartbeat is port.Engine's.
func (e *Engine) Heartbeat(ctx context.Context, token task.Token) error {
	_, err := e.client.SendTaskHeartbeat(ctx, &sfn.SendTaskHeartbeatInput{TaskToken: aws.String(string(token))})
	return failed(err)
}

func (e *Engine) machine(name string) (machine, error) {
	m, found := e.machines[name]
	if !found {
		return machine{}, fmt.Errorf("%w: no state machine is set for the workflow %q", port.ErrPermanent, name)
	}
	return m, nil
}

func status(s types.ExecutionStatus) flow.Status {
	switch s {
	case types.ExecutionStatusSucceeded:
		return flow.Succeeded
	case types.ExecutionStatusFailed:
		return flow.Failed
	case types.ExecutionStatusTimedOut:
		return flow.TimedOut
	case types.ExecutionStatusAborted:
		return flow.Cancelled
	case types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive:
	}
	return flow.Running
}

// codes are what Step Functions' errors mean to whoever calls, by their codes: what
// a client of an older model does not know is found too.
var codes = map[string]error{
	"ExecutionAlreadyExists": port.ErrExists,
	"ExecutionDoesNotExist":  port.ErrNotFound,

	// Of an answer to a task that is over, one or the other, as the documentation has it;
	// an invalid token was never one, and will not become one.
	// https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
	"TaskTimedOut":     port.ErrClosed,
	"TaskDoesNotExist": port.ErrClosed,
	"InvalidToken":     port.ErrClosed,

	"InvalidArn":               port.ErrPermanent,
	"InvalidExecutionInput":    port.ErrPermanent,
	"InvalidName":              port.ErrPermanent,
	"InvalidOutput":            port.ErrPermanent,
	"KmsAccessDeniedException": port.ErrPermanent,
	"StateMachineDeleting":     port.ErrPermanent,
	"StateMachineDoesNotExist": port.ErrPermanent,
	"ValidationException":      port.ErrPermanent,
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if meaning, ok := codes[api.ErrorCode()]; ok {
			return fmt.Errorf("%w: %w", meaning, err)
		}
	}
	if awserr.KindOf(err) == awserr.AccessDenied {
		return fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	return err
}

// cut shortens a text to so many bytes, between characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
