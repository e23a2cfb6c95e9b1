package awserr_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	code := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	answered := func(status int, err error) error {
		return &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
		}
	}
	for name, tc := range map[string]struct {
		err  error
		want awserr.Kind
	}{
		"denied by dynamodb":           {code("AccessDeniedException"), awserr.AccessDenied},
		"denied by sqs":                {code("AccessDenied"), awserr.AccessDenied},
		"wrapped":                      {fmt.Errorf("operation: %w", code("AccessDenied")), awserr.AccessDenied},
		"expired":                      {code("ExpiredTokenException"), awserr.BadCredentials},
		"no table":                     {code("ResourceNotFoundException"), awserr.NotFound},
		"no queue":                     {code("AWS.SimpleQueueService.NonExistentQueue"), awserr.NotFound},
		"throttled":                    {code("ThrottlingException"), awserr.Throttled},
		"an answer beats a deadline":   {errors.Join(context.DeadlineExceeded, code("AccessDenied")), awserr.AccessDenied},
		"deadline":                     {fmt.Errorf("operation: %w", context.DeadlineExceeded), awserr.Timeout},
		"network timeout":              {&net.OpError{Op: "dial", Err: timeoutError{}}, awserr.Timeout},
		"send error that is a timeout": {&smithyhttp.RequestSendError{Err: timeoutError{}}, awserr.Timeout},
		"cannot connect":               {&smithyhttp.RequestSendError{Err: errors.New("connection refused")}, awserr.Unreachable},
		"fault, unknown code":          {answered(500, code("InternalServerError")), awserr.Unavailable},
		"fault, no code":               {answered(503, errors.New("not JSON")), awserr.Unavailable},
		"refused, unknown code":        {answered(400, code("ValidationException")), awserr.Failed},
		"anything":                     {errors.New("anything"), awserr.Failed},
		"cancelled":                    {context.Canceled, awserr.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := awserr.KindOf(tc.err); got != tc.want {
				t.Errorf("want %q, got %q", tc.want, got)
			}
		})
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
