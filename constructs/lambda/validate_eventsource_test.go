package lambda

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	queueARN  = "arn:aws:sqs:eu-central-1:123456789012:orders"
	fifoARN   = queueARN + ".fifo"
	tableARN  = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
	streamARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
)

func sources(list ...EventSource) func(p *Props) {
	return func(p *Props) { p.EventSources = list }
}

func queue(s SQSSource) func(p *Props) {
	if s.QueueARN == nil {
		s.QueueARN = new(queueARN)
	}
	return sources(s)
}

func table(s StreamSettings) func(p *Props) {
	if s.StartingPosition == "" {
		s.StartingPosition = Latest
	}
	return sources(DynamoDBSource{StreamARN: new(tableARN), StreamSettings: s})
}

func stream(s KinesisSource) func(p *Props) {
	if s.StartingPosition == "" {
		s.StartingPosition = Latest
	}
	s.StreamARN = new(streamARN)
	return sources(s)
}

func TestValidateEventSources(t *testing.T) {
	t.Parallel()
	named := func(name string) func(p *Props) { return queue(SQSSource{Name: name}) }
	runChanges(t, []change{
		{name: "one of each", change: sources(
			SQSSource{QueueARN: new(queueARN)},
			DynamoDBSource{StreamARN: new(tableARN), StreamSettings: StreamSettings{StartingPosition: Latest}},
			KinesisSource{StreamARN: new(streamARN), StreamSettings: StreamSettings{StartingPosition: TrimHorizon}},
		)},
		{name: "none in the list", change: sources(nil), want: []string{"EventSources[0]: must be SQSSource, DynamoDBSource or KinesisSource, got nothing"}},
		{name: "name of 100 characters", change: named(times("a", 100))},
		{
			name: "name of 101 characters", change: named(times("a", 101)),
			want: []string{`EventSources[0].Name: must have 1 to 100 characters, got 101 in "` + times("a", 60) + `"…`},
		},
		{name: "dot in the name", change: named("a.b"), want: []string{`EventSources[0].Name: must be letters, digits, - and _, got "a.b"`}},
		{
			name: "two without a name", change: sources(SQSSource{QueueARN: new(queueARN)}, SQSSource{QueueARN: new(fifoARN)}),
			want: []string{`EventSources[1].Name: must not repeat EventSources[0], got "sqs"`},
		},
		{name: "two with names", change: sources(SQSSource{QueueARN: new(queueARN)}, SQSSource{Name: "b", QueueARN: new(fifoARN)})},
		{
			name: "no ARNs", change: sources(SQSSource{}, DynamoDBSource{}, KinesisSource{}),
			want: []string{
				"EventSources[0].QueueARN: must be set, got nothing",
				"EventSources[1].StreamARN: must be set, got nothing",
				`EventSources[1].StartingPosition: must be "LATEST" or "TRIM_HORIZON", got ""`,
				"EventSources[2].StreamARN: must be set, got nothing",
				`EventSources[2].StartingPosition: must be "LATEST", "TRIM_HORIZON" or "AT_TIMESTAMP", got ""`,
			},
		},
		{
			name: "ARNs of others", change: sources(
				SQSSource{QueueARN: new(streamARN)},
				DynamoDBSource{StreamARN: new(streamARN), StreamSettings: StreamSettings{StartingPosition: Latest}},
				KinesisSource{StreamARN: new(tableARN), StreamSettings: StreamSettings{StartingPosition: Latest}},
			),
			want: []string{
				`EventSources[0].QueueARN: must be an ARN of sqs, got "` + streamARN + `"`,
				`EventSources[1].StreamARN: must be an ARN of dynamodb, got "` + streamARN + `"`,
				`EventSources[2].StreamARN: must be an ARN of kinesis, got "` + tableARN + `"`,
			},
		},
		{
			name: "a table for its stream", change: sources(DynamoDBSource{
				StreamARN: new("arn:aws:dynamodb:eu-central-1:123456789012:table/orders"), StreamSettings: StreamSettings{StartingPosition: Latest},
			}),
			want: []string{`EventSources[0].StreamARN: must be the ARN of a table's stream, got "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"`},
		},
	})
}

func TestValidateQueue(t *testing.T) {
	t.Parallel()
	const at = "EventSources[0]."
	window := func(d time.Duration) func(p *Props) { return queue(SQSSource{MaximumBatchingWindow: d}) }
	calls := func(n int) func(p *Props) { return queue(SQSSource{MaximumConcurrency: n}) }
	runChanges(t, []change{
		{name: "batch of 1", change: queue(SQSSource{BatchSize: 1})},
		{name: "batch of 10", change: queue(SQSSource{BatchSize: 10})},
		{name: "batch of 11 with a window", change: queue(SQSSource{BatchSize: 11, MaximumBatchingWindow: time.Second})},
		{name: "batch of 10000", change: queue(SQSSource{BatchSize: 10000, MaximumBatchingWindow: time.Second})},
		{name: "batch of -1", change: queue(SQSSource{BatchSize: -1}), want: []string{at + "BatchSize: must be from 1 to 10000, got -1"}},
		{
			name: "batch of 10001", change: queue(SQSSource{BatchSize: 10001, MaximumBatchingWindow: time.Second}),
			want: []string{at + "BatchSize: must be from 1 to 10000, got 10001"},
		},
		{
			name: "batch of 11 alone", change: queue(SQSSource{BatchSize: 11}),
			want: []string{at + "MaximumBatchingWindow: must be at least 1s for a BatchSize over 10, got 0s for 11"},
		},
		{name: "window of 1s", change: window(time.Second)},
		{name: "window of 5m", change: window(5 * time.Minute)},
		{name: "window of 5m1s", change: window(5*time.Minute + time.Second), want: []string{at + "MaximumBatchingWindow: must be from 0s to 5m0s, got 5m1s"}},
		{name: "window of half a second", change: window(time.Second / 2), want: []string{at + "MaximumBatchingWindow: must be a whole number of seconds, got 500ms"}},
		{name: "negative window", change: window(-time.Second), want: []string{at + "MaximumBatchingWindow: must be from 0s to 5m0s, got -1s"}},

		{name: "FIFO, batch of 10", change: queue(SQSSource{QueueARN: new(fifoARN), BatchSize: 10})},
		{name: "FIFO by ARN, batch of 11", change: queue(SQSSource{QueueARN: new(fifoARN), BatchSize: 11}), want: []string{at + "BatchSize: must be from 1 to 10, got 11"}},
		{name: "FIFO by field, batch of 11", change: queue(SQSSource{QueueARN: new(token), FIFO: true, BatchSize: 11}), want: []string{at + "BatchSize: must be from 1 to 10, got 11"}},
		{name: "token, batch of 11", change: queue(SQSSource{QueueARN: new(token), BatchSize: 11, MaximumBatchingWindow: time.Second})},
		{
			name: "FIFO by ARN, window", change: queue(SQSSource{QueueARN: new(fifoARN), MaximumBatchingWindow: time.Second}),
			want: []string{at + "MaximumBatchingWindow: must not be set for a FIFO queue, got 1s"},
		},
		{
			name: "FIFO by field, window", change: queue(SQSSource{QueueARN: new(token), FIFO: true, MaximumBatchingWindow: time.Second}),
			want: []string{at + "MaximumBatchingWindow: must not be set for a FIFO queue, got 1s"},
		},

		{name: "2 calls", change: calls(2)},
		{name: "1000 calls", change: calls(1000)},
		{name: "1 call", change: calls(1), want: []string{at + "MaximumConcurrency: must be from 2 to 1000, got 1"}},
		{name: "1001 calls", change: calls(1001), want: []string{at + "MaximumConcurrency: must be from 2 to 1000, got 1001"}},
	})
}

func TestValidateFilters(t *testing.T) {
	t.Parallel()
	filters := func(list ...string) func(p *Props) { return queue(SQSSource{Filters: list}) }
	long := func(n int) string { return `{"a":"` + times("x", n-8) + `"}` }
	const at = "EventSources[0].Filters"
	runChanges(t, []change{
		{name: "5 patterns", change: filters("{}", "{}", "{}", "{}", "{}")},
		{name: "6 patterns", change: filters("{}", "{}", "{}", "{}", "{}", "{}"), want: []string{at + ": must have at most 5 patterns, got 6"}},
		{name: "4096 characters", change: filters(long(4096))},
		{name: "4097 characters", change: filters(long(4097)), want: []string{at + "[0]: must have 1 to 4096 characters, got 4097"}},
		{name: "empty", change: filters(""), want: []string{at + "[0]: must be set, got nothing"}},
		{name: "list", change: filters("{}", "[]"), want: []string{at + `[1]: must be a JSON object, got "[]"`}},
		{name: "no JSON", change: filters("a"), want: []string{at + `[0]: must be a JSON object, got "a": invalid character 'a' looking for beginning of value`}},
		{name: "token inside", change: filters(`{"a":["` + token + `"]}`)},
		{
			name: "of a stream", change: table(StreamSettings{Filters: []string{"a", "{}"}}),
			want: []string{at + `[0]: must be a JSON object, got "a": invalid character 'a' looking for beginning of value`},
		},
	})
}

func TestValidateStream(t *testing.T) {
	t.Parallel()
	const at = "EventSources[0]."
	age := func(d time.Duration) func(p *Props) { return table(StreamSettings{MaximumRecordAge: d}) }
	tumbling := func(d time.Duration) func(p *Props) { return table(StreamSettings{TumblingWindow: d}) }
	retries := func(n int) func(p *Props) { return table(StreamSettings{MaximumRetryAttempts: &n}) }
	runChanges(t, []change{
		{name: "batch of 11 with a window", change: table(StreamSettings{BatchSize: 11, MaximumBatchingWindow: time.Second})},
		{
			name: "batch of 11 alone", change: table(StreamSettings{BatchSize: 11}),
			want: []string{at + "MaximumBatchingWindow: must be at least 1s for a BatchSize over 10, got 0s for 11"},
		},
		{name: "1 at once", change: table(StreamSettings{ParallelizationFactor: 1})},
		{name: "10 at once", change: table(StreamSettings{ParallelizationFactor: 10})},
		{name: "11 at once", change: table(StreamSettings{ParallelizationFactor: 11}), want: []string{at + "ParallelizationFactor: must be from 1 to 10, got 11"}},
		{name: "-1 at once", change: table(StreamSettings{ParallelizationFactor: -1}), want: []string{at + "ParallelizationFactor: must be from 1 to 10, got -1"}},
		{name: "age of 60s", change: age(time.Minute)},
		{name: "age of 7 days", change: age(168 * time.Hour)},
		{name: "age of 59s", change: age(59 * time.Second), want: []string{at + "MaximumRecordAge: must be from 1m0s to 168h0m0s, got 59s"}},
		{name: "age of 7 days and 1s", change: age(168*time.Hour + time.Second), want: []string{at + "MaximumRecordAge: must be from 1m0s to 168h0m0s, got 168h0m1s"}},
		{name: "age of 90.5s", change: age(90500 * time.Millisecond), want: []string{at + "MaximumRecordAge: must be a whole number of seconds, got 1m30.5s"}},
		{name: "-1 retries", change: retries(-1)},
		{name: "0 retries", change: retries(0)},
		{name: "10000 retries", change: retries(10000)},
		{name: "-2 retries", change: retries(-2), want: []string{at + "MaximumRetryAttempts: must be from -1 to 10000, got -2"}},
		{name: "10001 retries", change: retries(10001), want: []string{at + "MaximumRetryAttempts: must be from -1 to 10000, got 10001"}},
		{name: "tumbling for 15m", change: tumbling(15 * time.Minute)},
		{name: "tumbling for 15m1s", change: tumbling(15*time.Minute + time.Second), want: []string{at + "TumblingWindow: must be from 0s to 15m0s, got 15m1s"}},
		{name: "negative tumbling", change: tumbling(-time.Second), want: []string{at + "TumblingWindow: must be from 0s to 15m0s, got -1s"}},
		{name: "failures to a topic", change: table(StreamSettings{OnFailure: Destination{TopicARN: new(topicARN)}})},
		{
			name: "failures to a bus", change: table(StreamSettings{OnFailure: Destination{EventBusARN: new(busARN)}}),
			want: []string{at + `OnFailure.EventBusARN: must not be set, only QueueARN or TopicARN, got "` + busARN + `"`},
		},
	})
}

func TestValidateStartingPosition(t *testing.T) {
	t.Parallel()
	const at = "EventSources[0]."
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	position := func(p StartingPosition, when time.Time) func(p *Props) {
		return stream(KinesisSource{StartingPositionTimestamp: when, StreamSettings: StreamSettings{StartingPosition: p}})
	}
	runChanges(t, []change{
		{name: "latest", change: position(Latest, time.Time{})},
		{name: "oldest", change: position(TrimHorizon, time.Time{})},
		{name: "time", change: position(AtTimestamp, when)},
		{name: "no time", change: position(AtTimestamp, time.Time{}), want: []string{at + "StartingPositionTimestamp: must be set for AT_TIMESTAMP, got nothing"}},
		{
			name: "time and latest", change: position(Latest, when),
			want: []string{at + `StartingPositionTimestamp: must go with StartingPosition AT_TIMESTAMP, got "LATEST"`},
		},
		{
			name: "other", change: position("latest", when),
			want: []string{at + `StartingPosition: must be "LATEST", "TRIM_HORIZON" or "AT_TIMESTAMP", got "latest"`},
		},
		{
			name: "time of a table's stream", change: table(StreamSettings{StartingPosition: AtTimestamp}),
			want: []string{at + `StartingPosition: must be "LATEST" or "TRIM_HORIZON", got "AT_TIMESTAMP"`},
		},
	})
}

// TestConsumerPermissions: reading through a consumer takes the stream's as well.
func TestConsumerPermissions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, arn string
		want      []string
	}{
		{name: "stream", arn: streamARN, want: []string{streamARN}},
		{name: "consumer", arn: streamARN + "/consumer/c:1", want: []string{streamARN + "/consumer/c:1", streamARN}},
		{name: "token", arn: token, want: []string{token}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range (KinesisSource{StreamARN: &tc.arn}).mapping().statements[0].Resources {
				got = append(got, *r)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("resources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPointersToSources(t *testing.T) {
	t.Parallel()
	var none *SQSSource
	given := []EventSource{&SQSSource{Name: "a"}, &DynamoDBSource{Name: "b"}, &KinesisSource{Name: "c"}, SQSSource{Name: "d"}, none, nil}
	want := []EventSource{SQSSource{Name: "a"}, DynamoDBSource{Name: "b"}, KinesisSource{Name: "c"}, SQSSource{Name: "d"}, nil, nil}
	if diff := cmp.Diff(want, plainSources(given)); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}
