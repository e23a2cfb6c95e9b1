package lambda

import (
	"testing"
	"time"
)

const (
	topicARN    = "arn:aws:sns:eu-central-1:123456789012:orders"
	functionARN = "arn:aws:lambda:eu-central-1:123456789012:function:other"
	busARN      = "arn:aws:events:eu-central-1:123456789012:event-bus/orders"
)

func TestValidateDeadLetter(t *testing.T) {
	t.Parallel()
	to := func(d Destination) func(p *Props) {
		return func(p *Props) { p.DeadLetter = d }
	}
	runChanges(t, []change{
		{name: "nowhere", change: to(Destination{})},
		{name: "queue", change: to(Destination{QueueARN: new(queueARN)})},
		{name: "topic", change: to(Destination{TopicARN: new(topicARN)})},
		{name: "tokens", change: to(Destination{QueueARN: new(token)})},
		{
			name: "both", change: to(Destination{QueueARN: new(queueARN), TopicARN: new(topicARN)}),
			want: []string{"DeadLetter: must have one target, got QueueARN and TopicARN"},
		},
		{
			name: "each in the other's field", change: to(Destination{QueueARN: new(topicARN)}),
			want: []string{`DeadLetter.QueueARN: must be an ARN of sqs, got "` + topicARN + `"`},
		},
		{
			name: "queue's URL", change: to(Destination{QueueARN: new("https://sqs.eu-central-1.amazonaws.com/123456789012/orders")}),
			want: []string{`DeadLetter.QueueARN: must be an ARN of sqs, got "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"`},
		},
		{name: "empty", change: to(Destination{TopicARN: new("")}), want: []string{"DeadLetter.TopicARN: must be set, got nothing"}},
		{
			name: "function", change: to(Destination{FunctionARN: new(functionARN)}),
			want: []string{`DeadLetter.FunctionARN: must not be set, only QueueARN or TopicARN, got "` + functionARN + `"`},
		},
		{
			name: "bus not known yet", change: to(Destination{EventBusARN: new(token)}),
			want: []string{"DeadLetter.EventBusARN: must not be set, only QueueARN or TopicARN, got a Terraform token"},
		},
	})
}

func TestValidateAsync(t *testing.T) {
	t.Parallel()
	async := func(a AsyncInvoke) func(p *Props) {
		return func(p *Props) { p.AsyncInvoke = &a }
	}
	age := func(d time.Duration) func(p *Props) { return async(AsyncInvoke{MaximumEventAge: d}) }
	retries := func(n int) func(p *Props) { return async(AsyncInvoke{MaximumRetryAttempts: &n}) }
	const ages, attempts = "AsyncInvoke.MaximumEventAge: must be ", "AsyncInvoke.MaximumRetryAttempts: must be from 0 to 2, got "
	runChanges(t, []change{
		{name: "nothing set", change: async(AsyncInvoke{})},
		{name: "age of 60s", change: age(time.Minute)},
		{name: "age of 6h", change: age(6 * time.Hour)},
		{name: "age of 59s", change: age(59 * time.Second), want: []string{ages + "from 1m0s to 6h0m0s, got 59s"}},
		{name: "age of 6h and 1s", change: age(6*time.Hour + time.Second), want: []string{ages + "from 1m0s to 6h0m0s, got 6h0m1s"}},
		{name: "age of 60.5s", change: age(60500 * time.Millisecond), want: []string{ages + "a whole number of seconds, got 1m0.5s"}},
		{name: "0 retries", change: retries(0)},
		{name: "2 retries", change: retries(2)},
		{name: "-1 retries", change: retries(-1), want: []string{attempts + "-1"}},
		{name: "3 retries", change: retries(3), want: []string{attempts + "3"}},
		{name: "queue and topic", change: async(AsyncInvoke{OnSuccess: Destination{QueueARN: new(queueARN)}, OnFailure: Destination{TopicARN: new(topicARN)}})},
		{name: "function and bus", change: async(AsyncInvoke{OnSuccess: Destination{FunctionARN: new(functionARN)}, OnFailure: Destination{EventBusARN: new(busARN)}})},
		{
			name: "two targets and a wrong one", change: async(AsyncInvoke{
				OnSuccess: Destination{FunctionARN: new(functionARN), EventBusARN: new(busARN)},
				OnFailure: Destination{FunctionARN: new(busARN)},
			}),
			want: []string{
				"AsyncInvoke.OnSuccess: must have one target, got FunctionARN and EventBusARN",
				`AsyncInvoke.OnFailure.FunctionARN: must be an ARN of lambda, got "` + busARN + `"`,
			},
		},
		{
			name: "four targets", change: async(AsyncInvoke{OnSuccess: Destination{
				QueueARN: new(queueARN), TopicARN: new(topicARN), FunctionARN: new(functionARN), EventBusARN: new(busARN),
			}}),
			want: []string{"AsyncInvoke.OnSuccess: must have one target, got QueueARN and TopicARN and FunctionARN and EventBusARN"},
		},
	})
}
