package lambda

import (
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Destination is where Lambda sends an event or its result. Exactly one field is
// set; the field tells what an ARN stands for that is not known yet. The zero
// value is no destination.
type Destination struct {
	QueueARN    *string // SQS
	TopicARN    *string // SNS
	FunctionARN *string // another function; not as a dead letter target
	EventBusARN *string // EventBridge; not as a dead letter target
}

// kind is what there is to know about one field of a Destination.
type kind struct {
	field, service, action string
	arn                    *string
}

func (d Destination) kinds() []kind {
	var set []kind
	for _, k := range []kind{
		{"QueueARN", "sqs", "sqs:SendMessage", d.QueueARN},
		{"TopicARN", "sns", "sns:Publish", d.TopicARN},
		{"FunctionARN", "lambda", "lambda:InvokeFunction", d.FunctionARN},
		{"EventBusARN", "events", "events:PutEvents", d.EventBusARN},
	} {
		if k.arn != nil {
			set = append(set, k)
		}
	}
	return set
}

// arn returns the target, nil for no destination.
func (d Destination) arn() *string {
	if set := d.kinds(); len(set) > 0 {
		return set[0].arn
	}
	return nil
}

// statement is the permission to send to the destination.
func (d Destination) statement(sid string) []iam.Statement {
	set := d.kinds()
	if len(set) == 0 {
		return nil
	}
	resources := []*string{set[0].arn}
	if set[0].service == "lambda" {
		resources = append(resources, jsii.String(*set[0].arn+":*"))
	}
	return []iam.Statement{{Sid: sid, Actions: []string{set[0].action}, Resources: resources}}
}

// check records what is wrong with the destination; services are those it may be of.
func (d Destination) check(p *check.Problems, field string, services ...string) {
	set := d.kinds()
	if len(set) > 1 {
		fields := make([]string, len(set))
		for i, k := range set {
			fields[i] = k.field
		}
		p.Addf(field, "must have one target, got %s", strings.Join(fields, " and "))
	}
	for _, k := range set {
		if !slices.Contains(services, k.service) {
			p.Addf(field+"."+k.field, "must not be set, only QueueARN or TopicARN, got %s", check.Shown(k.arn))
			continue
		}
		if p.RequiredValue(field+"."+k.field, k.arn) {
			p.ARN(field+"."+k.field, k.arn, k.service)
		}
	}
}
