package lambda

import (
	"time"

	"github.com/aws/jsii-runtime-go"
	eventinvoke "github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunctioneventinvokeconfig"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// AsyncInvoke is how asynchronous calls of the function, or of its alias, are
// retried and where their results go.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
type AsyncInvoke struct {
	// MaximumEventAge is how long an event is kept: whole seconds from 1m to 6h.
	// Default: 6h.
	MaximumEventAge time.Duration
	// MaximumRetryAttempts is how often a failed call is repeated: 0 to 2.
	// Default: 2.
	MaximumRetryAttempts *int
	// OnSuccess and OnFailure get the results; the role may then send to them.
	// Default: none.
	OnSuccess, OnFailure Destination
}

const (
	minEventAge      = time.Minute
	maxEventAge      = 6 * time.Hour
	maxRetryAttempts = 2
)

// destinationServices are where Lambda sends results.
var destinationServices = []string{"sqs", "sns", "lambda", "events"}

func validateAsync(p *check.Problems, a *AsyncInvoke) {
	if a == nil {
		return
	}
	in := p.In("AsyncInvoke")
	if a.MaximumEventAge != 0 {
		in.Seconds("MaximumEventAge", a.MaximumEventAge, minEventAge, maxEventAge)
	}
	if a.MaximumRetryAttempts != nil {
		in.Range("MaximumRetryAttempts", *a.MaximumRetryAttempts, 0, maxRetryAttempts)
	}
	a.OnSuccess.check(in, "OnSuccess", destinationServices...)
	a.OnFailure.check(in, "OnFailure", destinationServices...)
}

func (f *Function) addAsyncInvoke(a *AsyncInvoke) {
	if a == nil {
		return
	}
	config := &eventinvoke.LambdaFunctionEventInvokeConfigConfig{
		FunctionName: f.fn.FunctionName(),
		Qualifier:    f.qualifier(),
	}
	if a.MaximumEventAge != 0 {
		config.MaximumEventAgeInSeconds = seconds(a.MaximumEventAge)
	}
	if a.MaximumRetryAttempts != nil {
		config.MaximumRetryAttempts = jsii.Number(*a.MaximumRetryAttempts)
	}
	success, failure := a.OnSuccess.arn(), a.OnFailure.arn()
	if success != nil || failure != nil {
		to := &eventinvoke.LambdaFunctionEventInvokeConfigDestinationConfig{}
		if success != nil {
			to.OnSuccess = &eventinvoke.LambdaFunctionEventInvokeConfigDestinationConfigOnSuccess{Destination: success}
		}
		if failure != nil {
			to.OnFailure = &eventinvoke.LambdaFunctionEventInvokeConfigDestinationConfigOnFailure{Destination: failure}
		}
		config.DestinationConfig = to
	}
	f.async = eventinvoke.NewLambdaFunctionEventInvokeConfig(f, jsii.String("AsyncInvoke"), config)
}
