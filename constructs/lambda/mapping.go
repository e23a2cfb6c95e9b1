package lambda

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	esm "github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaeventsourcemapping"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Limits of https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
const (
	maxBatch          = 10000
	maxBatchFIFO      = 10
	windowFrom        = 10 // a batch over this size needs a window
	maxWindow         = 5 * time.Minute
	maxParallel       = 10
	minRecordAge      = time.Minute
	maxRecordAge      = 7 * 24 * time.Hour
	maxStreamRetries  = 10000
	retryForever      = -1
	maxTumblingWindow = 15 * time.Minute
	minQueueCalls     = 2
	maxQueueCalls     = 1000
	maxFilters        = 5
	maxFilterPattern  = 4096
)

var sourceName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func validateEventSources(p *check.Problems, sources []EventSource) {
	seen := map[string]int{}
	for i, source := range sources {
		in := p.At("EventSources", i)
		if source == nil {
			in.Addf("", "must be SQSSource, DynamoDBSource or KinesisSource, got nothing")
			continue
		}
		m := source.mapping()
		in.Pattern("Name", m.name, 1, maxStatementID, sourceName, "letters, digits, - and _")
		if first, again := seen[m.name]; again {
			in.Addf("Name", "must not repeat EventSources[%d], got %q", first, m.name)
		}
		seen[m.name] = i
		if in.RequiredValue(m.arnField, m.arn) && in.ARN(m.arnField, m.arn, m.service) {
			m.checkStreamARN(in)
		}
		m.validateBatch(in)
		if m.stream {
			m.validateStream(in)
		} else if m.maxCalls != 0 {
			in.Range("MaximumConcurrency", m.maxCalls, minQueueCalls, maxQueueCalls)
		}
		validateFilters(in, m.settings.Filters)
	}
}

// checkStreamARN tells a table from its stream, which is taken for it easily.
func (m mapping) checkStreamARN(p *check.Problems) {
	if arn, ok := check.Literal(m.arn); ok && m.service == "dynamodb" && !strings.Contains(arn, "/stream/") {
		p.Addf(m.arnField, "must be the ARN of a table's stream, got %q", arn)
	}
}

func (m mapping) validateBatch(p *check.Problems) {
	batch, window := m.settings.BatchSize, m.settings.MaximumBatchingWindow
	p.Seconds("MaximumBatchingWindow", window, 0, maxWindow)
	switch {
	case batch == 0:
	case m.fifo:
		p.Range("BatchSize", batch, 1, maxBatchFIFO)
	default:
		p.Range("BatchSize", batch, 1, maxBatch)
		if batch > windowFrom && window < time.Second {
			p.Addf("MaximumBatchingWindow", "must be at least 1s for a BatchSize over %d, got %v for %d", windowFrom, window, batch)
		}
	}
	if m.fifo && window != 0 {
		p.Addf("MaximumBatchingWindow", "must not be set for a FIFO queue, got %v", window)
	}
}

func (m mapping) validateStream(p *check.Problems) {
	s := m.settings
	switch {
	case m.service == "dynamodb":
		check.OneOf(p, "StartingPosition", s.StartingPosition, Latest, TrimHorizon)
	case check.OneOf(p, "StartingPosition", s.StartingPosition, Latest, TrimHorizon, AtTimestamp):
		if at := s.StartingPosition == AtTimestamp; at && m.timestamp.IsZero() {
			p.Addf("StartingPositionTimestamp", "must be set for AT_TIMESTAMP, got nothing")
		} else if !at && !m.timestamp.IsZero() {
			p.Addf("StartingPositionTimestamp", "must go with StartingPosition AT_TIMESTAMP, got %q", string(s.StartingPosition))
		}
	}
	if s.ParallelizationFactor != 0 {
		p.Range("ParallelizationFactor", s.ParallelizationFactor, 1, maxParallel)
	}
	if s.MaximumRecordAge != 0 {
		p.Seconds("MaximumRecordAge", s.MaximumRecordAge, minRecordAge, maxRecordAge)
	}
	if s.MaximumRetryAttempts != nil {
		p.Range("MaximumRetryAttempts", *s.MaximumRetryAttempts, retryForever, maxStreamRetries)
	}
	p.Seconds("TumblingWindow", s.TumblingWindow, 0, maxTumblingWindow)
	s.OnFailure.check(p, "OnFailure", "sqs", "sns")
}

func validateFilters(p *check.Problems, filters []string) {
	if len(filters) > maxFilters {
		p.Addf("Filters", "must have at most %d patterns, got %d", maxFilters, len(filters))
	}
	for i, filter := range filters {
		field := fmt.Sprintf("Filters[%d]", i)
		if p.Required(field, filter) && p.Length(field, filter, 1, maxFilterPattern) {
			p.JSON(field, &filter)
		}
	}
}

func (f *Function) addEventSources(sources []EventSource) {
	if len(sources) == 0 {
		return
	}
	node := constructs.NewConstruct(f, jsii.String("EventSources"))
	seen := map[string]bool{}
	for _, source := range sources {
		if source == nil {
			continue // reported
		}
		m := source.mapping()
		if seen[m.name] || !sourceName.MatchString(m.name) {
			continue // reported; a construct id must not repeat
		}
		seen[m.name] = true
		f.eventSources = append(f.eventSources, esm.NewLambdaEventSourceMapping(node, jsii.String(m.name), m.config(f)))
	}
}

func (m mapping) config(f *Function) *esm.LambdaEventSourceMappingConfig {
	s := m.settings
	config := &esm.LambdaEventSourceMappingConfig{
		FunctionName:                   f.target(),
		EventSourceArn:                 text(m.arn),
		BatchSize:                      count(s.BatchSize),
		MaximumBatchingWindowInSeconds: secondsOrNil(s.MaximumBatchingWindow),
		ParallelizationFactor:          count(s.ParallelizationFactor),
		MaximumRecordAgeInSeconds:      secondsOrNil(s.MaximumRecordAge),
		TumblingWindowInSeconds:        secondsOrNil(s.TumblingWindow),
		Tags:                           f.tags(f.settings.name + "-" + m.name),
		DependsOn:                      dependsOn(f.role.Waits()...),
	}
	if m.stream {
		config.StartingPosition = jsii.String(string(s.StartingPosition))
	}
	if !m.timestamp.IsZero() {
		config.StartingPositionTimestamp = jsii.String(m.timestamp.UTC().Format(time.RFC3339))
	}
	if s.MaximumRetryAttempts != nil {
		config.MaximumRetryAttempts = jsii.Number(*s.MaximumRetryAttempts)
	}
	if s.BisectBatchOnFunctionError {
		config.BisectBatchOnFunctionError = jsii.Bool(true)
	}
	if s.ReportBatchItemFailures {
		config.FunctionResponseTypes = jsii.Strings("ReportBatchItemFailures")
	}
	if s.Disabled {
		config.Enabled = jsii.Bool(false)
	}
	if m.maxCalls != 0 {
		config.ScalingConfig = &esm.LambdaEventSourceMappingScalingConfig{MaximumConcurrency: jsii.Number(m.maxCalls)}
	}
	if arn := s.OnFailure.arn(); arn != nil {
		config.DestinationConfig = &esm.LambdaEventSourceMappingDestinationConfig{
			OnFailure: &esm.LambdaEventSourceMappingDestinationConfigOnFailure{DestinationArn: arn},
		}
	}
	if len(s.Filters) > 0 {
		filters := make([]*esm.LambdaEventSourceMappingFilterCriteriaFilter, len(s.Filters))
		for i, pattern := range s.Filters {
			filters[i] = &esm.LambdaEventSourceMappingFilterCriteriaFilter{Pattern: jsii.String(pattern)}
		}
		config.FilterCriteria = &esm.LambdaEventSourceMappingFilterCriteria{Filter: filters}
	}
	return config
}
