package awserr

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Kind is what went wrong, by who has to act on it. Kinds are part of the
// controller's answers: rename none.
type Kind string

// The kinds.
const (
	AccessDenied   Kind = "access_denied"   // the identity is known, the policy says no
	BadCredentials Kind = "bad_credentials" // the identity itself is not accepted
	NotFound       Kind = "not_found"       // no such resource in this account and region
	Throttled      Kind = "throttled"       // too many requests, after the client's own retries
	Timeout        Kind = "timeout"         // no answer in time
	Unreachable    Kind = "unreachable"     // no connection: name, route, or refused
	Unavailable    Kind = "unavailable"     // the service answered with a fault of its own
	Failed         Kind = "failed"          // anything else
)

// codes are the error codes the services put on the wire. A service may have
// two for one thing: SQS still sends the codes of its former query protocol.
//
//   - https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
//   - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
var codes = map[string]Kind{
	"AccessDenied":          AccessDenied,
	"AccessDeniedException": AccessDenied,

	"ExpiredToken":                        BadCredentials,
	"ExpiredTokenException":               BadCredentials,
	"IncompleteSignature":                 BadCredentials,
	"IncompleteSignatureException":        BadCredentials,
	"InvalidClientTokenId":                BadCredentials,
	"InvalidSecurity":                     BadCredentials,
	"InvalidSignatureException":           BadCredentials,
	"MissingAuthenticationToken":          BadCredentials,
	"MissingAuthenticationTokenException": BadCredentials,
	"SignatureDoesNotMatch":               BadCredentials,
	"UnrecognizedClientException":         BadCredentials,

	"ResourceNotFoundException":               NotFound,
	"QueueDoesNotExist":                       NotFound,
	"AWS.SimpleQueueService.NonExistentQueue": NotFound,
	"InvalidAddress":                          NotFound, // a queue URL of another region or account format

	"RequestLimitExceeded": Throttled,
	"RequestThrottled":     Throttled,
	"Throttling":           Throttled,
	"ThrottlingException":  Throttled,
}

// KindOf classifies err, which must not be nil.
func KindOf(err error) Kind {
	// An answer of the service says more than the deadline that may have passed
	// while the client was waiting to retry.
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if kind, ok := codes[api.ErrorCode()]; ok {
			return kind
		}
	}
	if timedOut(err) {
		return Timeout
	}
	// Before the response: the client wraps this one too in a ResponseError, with no status.
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return Unreachable
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError {
		return Unavailable
	}
	return Failed
}

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
