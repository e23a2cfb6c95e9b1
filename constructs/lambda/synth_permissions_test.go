package lambda_test

import (
	"slices"
	"testing"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// TestNeededPermissions: what a feature takes is added by itself, and the
// function waits for it, as for its log group.
func TestNeededPermissions(t *testing.T) {
	const (
		functionARN = "arn:aws:lambda:eu-central-1:123456789012:function:other"
		busARN      = "arn:aws:events:eu-central-1:123456789012:event-bus/orders"
		tableARN    = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/1"
		streamARN   = "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
		pointARN    = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-1"
	)
	vpc := &lambda.VPC{SubnetIDs: []*string{new("subnet-1")}, SecurityGroupIDs: []*string{new("sg-1")}}
	latest := lambda.StreamSettings{StartingPosition: lambda.Latest}
	allow := func(sid, action, resource string) string {
		if sid != "" {
			sid = `"Sid":"` + sid + `",`
		}
		return `{` + sid + `"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}`
	}
	quoted := func(s string) string { return `"` + s + `"` }
	for _, tc := range []struct {
		name     string
		change   func(p *lambda.Props)
		want     []string
		attached []string
	}{
		{name: "nothing", change: func(*lambda.Props) {}},
		{name: "VPC", change: func(p *lambda.Props) { p.VPC = vpc }, attached: []string{"AWSLambdaENIManagementAccess"}},
		{
			name: "tracing", change: func(p *lambda.Props) { p.TracingMode = lambda.Active },
			want: []string{allow("Trace", `["xray:PutTelemetryRecords","xray:PutTraceSegments"]`, `"*"`)},
		},
		{
			name: "dead letters to a queue", change: func(p *lambda.Props) { p.DeadLetter = lambda.Destination{QueueARN: new(queueARN)} },
			want: []string{allow("SendDeadLetters", `"sqs:SendMessage"`, quoted(queueARN))},
		},
		{
			name: "dead letters to a topic", change: func(p *lambda.Props) { p.DeadLetter = lambda.Destination{TopicARN: new(topicARN)} },
			want: []string{allow("SendDeadLetters", `"sns:Publish"`, quoted(topicARN))},
		},
		{
			name: "results to a function and a bus", change: func(p *lambda.Props) {
				p.AsyncInvoke = &lambda.AsyncInvoke{
					OnSuccess: lambda.Destination{FunctionARN: new(functionARN)}, OnFailure: lambda.Destination{EventBusARN: new(busARN)},
				}
			},
			want: []string{
				allow("SendSuccess", `"lambda:InvokeFunction"`, `["`+functionARN+`","`+functionARN+`:*"]`),
				allow("SendFailure", `"events:PutEvents"`, quoted(busARN)),
			},
		},
		{
			name: "results to a queue and a topic", change: func(p *lambda.Props) {
				p.AsyncInvoke = &lambda.AsyncInvoke{
					OnSuccess: lambda.Destination{QueueARN: new(queueARN)}, OnFailure: lambda.Destination{TopicARN: new(topicARN)},
				}
			},
			want: []string{
				allow("SendSuccess", `"sqs:SendMessage"`, quoted(queueARN)),
				allow("SendFailure", `"sns:Publish"`, quoted(topicARN)),
			},
		},
		{
			name: "queue", change: func(p *lambda.Props) {
				p.EventSources = []lambda.EventSource{lambda.SQSSource{QueueARN: new(queueARN)}}
			},
			want: []string{allow("", `["sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:ReceiveMessage"]`, quoted(queueARN))},
		},
		{
			name: "table's stream, failures to a queue", change: func(p *lambda.Props) {
				settings := latest
				settings.OnFailure = lambda.Destination{QueueARN: new(queueARN)}
				p.EventSources = []lambda.EventSource{lambda.DynamoDBSource{StreamARN: new(tableARN), StreamSettings: settings}}
			},
			want: []string{
				allow("", `["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"]`, quoted(tableARN)),
				allow("", `"dynamodb:ListStreams"`, `"*"`),
				allow("", `"sqs:SendMessage"`, quoted(queueARN)),
			},
		},
		{
			name: "stream", change: func(p *lambda.Props) {
				p.EventSources = []lambda.EventSource{lambda.KinesisSource{StreamARN: new(streamARN), StreamSettings: latest}}
			},
			want: []string{allow("", `["kinesis:DescribeStream","kinesis:DescribeStreamConsumer","kinesis:DescribeStreamSummary",`+
				`"kinesis:GetRecords","kinesis:GetShardIterator","kinesis:ListShards","kinesis:SubscribeToShard"]`, quoted(streamARN))},
		},
		{
			name: "environment's key", change: func(p *lambda.Props) {
				p.Environment, p.EnvironmentKMSKeyARN = map[string]*string{"AB": new("x")}, new(keyARN)
			},
			want: []string{allow("DecryptEnvironment", `"kms:Decrypt"`, quoted(keyARN))},
		},
		{
			name: "secrets", change: func(p *lambda.Props) {
				p.Secrets = map[string]*string{"CD": new(secretARN + "2"), "AB": new(secretARN)}
			},
			want: []string{allow("ReadSecrets", `"secretsmanager:GetSecretValue"`, `["`+secretARN+`","`+secretARN+`2"]`)},
		},
		{
			name: "file system", change: func(p *lambda.Props) {
				p.VPC, p.FileSystem = vpc, &lambda.FileSystem{AccessPointARN: new(pointARN), MountPath: "/mnt/a"}
			},
			want: []string{`{"Sid":"MountFileSystem","Effect":"Allow","Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"],` +
				`"Resource":"*","Condition":{"StringEquals":{"elasticfilesystem:AccessPointArn":"` + pointARN + `"}}}`},
			attached: []string{"AWSLambdaENIManagementAccess"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := one(t, tc.change)
			equal(t, "statements", tc.want, statements(t, s, "Orders_ExecutionPolicy"))
			all := append([]string{"AWSLambdaBasicExecutionRole"}, tc.attached...)
			slices.Sort(all)
			equal(t, "attached", all, attached(s))
			before := append(found(s, "aws_cloudwatch_log_group"), policies(s)...)
			equal(t, "the function waits for", before, waits(s.Only("aws_lambda_function")))
			for name, mapping := range s.Resources("aws_lambda_event_source_mapping") {
				equal(t, name+" waits for", policies(s), waits(mapping))
			}
			equal(t, "data sources", 1, len(s.JSON["data"].(map[string]any)))
		})
	}
}

// TestSecrets: the environment holds the ARN, never the value.
func TestSecrets(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.Environment = map[string]*string{"STAGE": new("test")}
		p.Secrets = map[string]*string{"API_KEY_ARN": new(secretARN)}
	})
	equal(t, "environment", any(map[string]any{"variables": map[string]any{"API_KEY_ARN": secretARN, "STAGE": "test"}}),
		s.Only("aws_lambda_function")["environment"])
}
