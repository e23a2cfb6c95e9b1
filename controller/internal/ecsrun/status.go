package ecsrun

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

const (
	stopped       = "STOPPED" // a task's last status
	reasonMissing = "MISSING" // of a failure
)

// status says how a task stands, and all reasons there are.
func status(t types.Task) port.RunStatus {
	if aws.ToString(t.LastStatus) != stopped {
		return port.RunStatus{}
	}
	reasons := []string{}
	if reason := aws.ToString(t.StoppedReason); reason != "" {
		reasons = append(reasons, reason)
	}
	for _, c := range t.Containers {
		if c.ExitCode != nil {
			reasons = append(reasons, fmt.Sprintf("%s: exit code %d", aws.ToString(c.Name), *c.ExitCode))
		}
		if reason := aws.ToString(c.Reason); reason != "" {
			reasons = append(reasons, fmt.Sprintf("%s: %s", aws.ToString(c.Name), reason))
		}
	}
	return port.RunStatus{Stopped: true, Reason: strings.Join(reasons, "; ")}
}

// lasting are the reasons of failures that another attempt would meet again; all
// others, RESOURCE and AGENT among them, are for want of capacity.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
var lasting = []string{reasonMissing, "INACTIVE", "ATTRIBUTE", "LOCATION"}

// refused is the error of an answer without a task.
func refused(failures []types.Failure) error {
	if len(failures) == 0 {
		return errors.New("ECS answered with neither a task nor a reason")
	}
	f := failures[0]
	text := strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", aws.ToString(f.Reason), aws.ToString(f.Detail), aws.ToString(f.Arn))), " ")
	for _, reason := range lasting {
		if strings.HasPrefix(aws.ToString(f.Reason), reason) {
			return fmt.Errorf("%w: ECS: %s", port.ErrPermanent, text)
		}
	}
	return fmt.Errorf("ECS: %s", text)
}

// permanent are the codes of errors that another attempt would meet again.
// ClientException is none of them: a quota of tasks that is used up is one too.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
var permanent = map[string]bool{
	"BlockedException":                               true,
	"ClusterNotFoundException":                       true,
	"InvalidParameterException":                      true,
	"PlatformUnknownException":                       true,
	"UnsupportedFeatureException":                    true,
	"ValidationException":                            true,
	"PlatformTaskDefinitionIncompatibilityException": true,
}

func failed(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if ok && permanent[api.ErrorCode()] || awserr.KindOf(err) == awserr.AccessDenied {
		return fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	return err
}

// gone is whether StopTask did not find the task: ECS has no error of its own for that.
func gone(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	text := strings.ToLower(api.ErrorMessage())
	return api.ErrorCode() == "InvalidParameterException" && strings.Contains(text, "task") && strings.Contains(text, "not found")
}
