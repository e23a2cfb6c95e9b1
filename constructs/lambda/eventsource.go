package lambda

import (
	"strings"
	"time"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// EventSource is a queue or a stream that the function reads: SQSSource,
// DynamoDBSource or KinesisSource. The role gets the permissions that reading
// takes.
type EventSource interface {
	mapping() mapping
}

// SQSSource reads a queue.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type SQSSource struct {
	// Name tells the sources of a function apart. Default: "sqs".
	Name string
	// QueueARN is the queue. Required.
	QueueARN *string
	// FIFO says that the queue is one, where its ARN is not known yet. A FIFO
	// queue takes batches of at most 10 and no window. Default: read from the
	// ARN when that is known, else off.
	FIFO bool
	// BatchSize is how many messages a call gets: 1 to 10000, over 10 with
	// MaximumBatchingWindow only. Default: 10.
	BatchSize int
	// MaximumBatchingWindow is how long messages are gathered: whole seconds to
	// 5m. Default: 0.
	MaximumBatchingWindow time.Duration
	// MaximumConcurrency limits the calls at once: 2 to 1000. Default: no limit.
	MaximumConcurrency int
	// ReportBatchItemFailures returns only the failed messages to the queue; the
	// function has to name them in its answer. Default: off.
	ReportBatchItemFailures bool
	// Filters are up to 5 JSON patterns of at most 4096 characters; a message
	// that matches none is dropped. Default: none.
	Filters []string
	// Disabled keeps the mapping without reading. Default: enabled.
	Disabled bool
}

// DynamoDBSource reads the stream of a table.
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
type DynamoDBSource struct {
	// Name tells the sources of a function apart. Default: "dynamodb".
	Name string
	// StreamARN is the table's stream. Required.
	StreamARN *string
	StreamSettings
}

// KinesisSource reads a stream or an enhanced fan-out consumer of one.
// https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
type KinesisSource struct {
	// Name tells the sources of a function apart. Default: "kinesis".
	Name string
	// StreamARN is the stream, or its consumer. For a consumer whose ARN is not
	// known yet, PolicyStatements has to allow the stream itself. Required.
	StreamARN *string
	// StartingPositionTimestamp is where AtTimestamp begins. Default: none.
	StartingPositionTimestamp time.Time
	StreamSettings
}

// StreamSettings are what the two kinds of streams have in common.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
type StreamSettings struct {
	// StartingPosition is Latest, TrimHorizon or, for Kinesis, AtTimestamp. Required.
	StartingPosition StartingPosition
	// BatchSize is how many records a call gets: 1 to 10000, over 10 with
	// MaximumBatchingWindow only. Default: 100.
	BatchSize int
	// MaximumBatchingWindow is how long records are gathered: whole seconds to
	// 5m. Default: 0.
	MaximumBatchingWindow time.Duration
	// ParallelizationFactor is how many batches of a shard run at once: 1 to 10.
	// Default: 1.
	ParallelizationFactor int
	// MaximumRecordAge drops older records: whole seconds from 1m to 168h.
	// Default: never.
	MaximumRecordAge time.Duration
	// MaximumRetryAttempts is how often a failed batch is repeated: 0 to 10000,
	// or -1 for ever. Default: for ever.
	MaximumRetryAttempts *int
	// TumblingWindow groups records for aggregation: whole seconds to 15m. Default: 0.
	TumblingWindow time.Duration
	// BisectBatchOnFunctionError splits a failed batch in two. Default: off.
	BisectBatchOnFunctionError bool
	// ReportBatchItemFailures repeats from the first failed record only; the
	// function has to name it in its answer. Default: off.
	ReportBatchItemFailures bool
	// OnFailure gets what is known of a dropped batch: a queue or a topic, which
	// the role may then send to. Default: none.
	OnFailure Destination
	// Filters are up to 5 JSON patterns of at most 4096 characters; a record
	// that matches none is dropped. Default: none.
	Filters []string
	// Disabled keeps the mapping without reading. Default: enabled.
	Disabled bool
}

// StartingPosition is where reading a stream begins.
type StartingPosition string

const (
	Latest      StartingPosition = "LATEST"
	TrimHorizon StartingPosition = "TRIM_HORIZON"
	AtTimestamp StartingPosition = "AT_TIMESTAMP"
)

// mapping is an event source of any kind.
type mapping struct {
	name       string
	arnField   string
	arn        *string
	service    string
	stream     bool
	fifo       bool
	timestamp  time.Time
	maxCalls   int
	settings   StreamSettings
	statements []iam.Statement
}

func (s SQSSource) mapping() mapping {
	fifo := s.FIFO
	if arn, ok := check.Literal(s.QueueARN); ok && strings.HasSuffix(arn, ".fifo") {
		fifo = true
	}
	return mapping{
		name: nameOr(s.Name, "sqs"), arnField: "QueueARN", arn: s.QueueARN, service: "sqs", fifo: fifo, maxCalls: s.MaximumConcurrency,
		settings: StreamSettings{
			BatchSize: s.BatchSize, MaximumBatchingWindow: s.MaximumBatchingWindow,
			ReportBatchItemFailures: s.ReportBatchItemFailures, Filters: s.Filters, Disabled: s.Disabled,
		},
		statements: []iam.Statement{{
			Actions:   []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
			Resources: []*string{s.QueueARN},
		}},
	}
}

func (s DynamoDBSource) mapping() mapping {
	return mapping{
		name: nameOr(s.Name, "dynamodb"), arnField: "StreamARN", arn: s.StreamARN, service: "dynamodb", stream: true, settings: s.StreamSettings,
		statements: []iam.Statement{
			{
				Actions:   []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
				Resources: []*string{s.StreamARN},
			},
			// ListStreams knows no resources.
			// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
			{Actions: []string{"dynamodb:ListStreams"}, Resources: []*string{&everything}},
		},
	}
}

func (s KinesisSource) mapping() mapping {
	resources := []*string{s.StreamARN}
	// Reading through a consumer takes the permissions on its stream, too.
	if arn, ok := check.Literal(s.StreamARN); ok {
		if stream, _, consumer := strings.Cut(arn, "/consumer/"); consumer {
			resources = append(resources, &stream)
		}
	}
	return mapping{
		name: nameOr(s.Name, "kinesis"), arnField: "StreamARN", arn: s.StreamARN, service: "kinesis", stream: true,
		timestamp: s.StartingPositionTimestamp, settings: s.StreamSettings,
		statements: []iam.Statement{{
			Actions: []string{
				"kinesis:DescribeStream", "kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary",
				"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:SubscribeToShard",
			},
			Resources: resources,
		}},
	}
}

// plainSources are the sources with pointers followed and nil for a nil one.
func plainSources(sources []EventSource) []EventSource {
	plain := make([]EventSource, len(sources))
	for i, source := range sources {
		switch s := source.(type) {
		case *SQSSource:
			plain[i] = pointedAt[EventSource](s)
		case *DynamoDBSource:
			plain[i] = pointedAt[EventSource](s)
		case *KinesisSource:
			plain[i] = pointedAt[EventSource](s)
		default:
			plain[i] = source
		}
	}
	return plain
}

// everything is the resource of actions that know none.
var everything = "*"

func nameOr(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return name
}
