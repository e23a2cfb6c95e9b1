package model

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/controller/task"
)

// Bedrock is a model on Amazon Bedrock.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
type Bedrock struct {
	client *bedrockruntime.Client
	id     string
	// free is set when the model turned out not to be forced to use a tool.
	free atomic.Bool
}

// NewBedrock returns the model, or inference profile, with that id.
func NewBedrock(config aws.Config, id string) *Bedrock {
	client := bedrockruntime.NewFromConfig(config, func(o *bedrockruntime.Options) {
		// The kit tries again itself: it knows the task's time, and logs it.
		o.Retryer = aws.NopRetryer{}
	})
	return &Bedrock{client: client, id: id}
}

// ID is the model's id.
func (b *Bedrock) ID() string { return b.id }

// Simulated is false.
func (b *Bedrock) Simulated() bool { return false }

// Converse asks for the next turn.
func (b *Bedrock) Converse(ctx context.Context, request Request) (Response, error) {
	input, err := b.input(request)
	if err != nil {
		return Response{}, failure.New(task.ErrorInternal, "the request to the model: %w", err)
	}
	out, err := b.client.Converse(ctx, input)
	if err != nil && request.Force != "" && !b.free.Load() && refusesForce(err) {
		b.free.Store(true)
		input.ToolConfig.ToolChoice = nil
		out, err = b.client.Converse(ctx, input)
	}
	if err != nil {
		return Response{}, b.failureOf(ctx, err)
	}
	return read(out)
}

// refusesForce recognizes the models that take no tool choice.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
func refusesForce(err error) bool {
	invalid, ok := errors.AsType[*types.ValidationException](err)
	return ok && strings.Contains(strings.ToLower(strings.ReplaceAll(invalid.ErrorMessage(), " ", "")), "toolchoice")
}

// failureOf names what an error of the service means for the workflow.
// https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
func (b *Bedrock) failureOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failure.OfContext(ctx, err)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		if status, ok := errors.AsType[*awshttp.ResponseError](err); ok && status.HTTPStatusCode() == http.StatusForbidden {
			return failure.New(task.ErrorAccessDenied, "model %s: %w", b.id, err)
		}
		return failure.New(task.ErrorUnavailable, "model %s did not answer: %w", b.id, err)
	}
	name := task.ErrorUnavailable
	switch api.ErrorCode() {
	case "ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException":
		name = task.ErrorThrottled
	// A model that is not there is one that this account was not given, or a
	// wrong setting: no attempt will find it.
	case "AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException", "ExpiredTokenException",
		"InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationTokenException", "OptInRequired":
		name = task.ErrorAccessDenied
	case "ValidationException":
		name = task.ErrorInvalidInput
	}
	return failure.New(name, "model %s: %s: %w", b.id, api.ErrorCode(), err)
}

// read takes a response apart.
func read(out *bedrockruntime.ConverseOutput) (Response, error) {
	response := Response{Message: Message{Role: Assistant}}
	if out.Usage != nil {
		// What was read from or written to a cache is not in InputTokens.
		// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
		response.InputTokens = int(aws.ToInt32(out.Usage.InputTokens) + aws.ToInt32(out.Usage.CacheReadInputTokens) + aws.ToInt32(out.Usage.CacheWriteInputTokens))
		response.OutputTokens = int(aws.ToInt32(out.Usage.OutputTokens))
	}
	switch out.StopReason {
	case types.StopReasonMaxTokens:
		response.Stop = StopLength
	case types.StopReasonGuardrailIntervened, types.StopReasonContentFiltered, "refusal":
		response.Stop = StopRefused
	case types.StopReasonMalformedModelOutput, types.StopReasonMalformedToolUse:
		response.Stop = StopMalformed
	case types.StopReasonModelContextWindowExceeded:
		response.Stop = StopContext
	default:
		response.Stop = StopDone
	}
	message, ok := out.Output.(*types.ConverseOutputMemberMessage)
	if !ok {
		return response, nil
	}
	for _, content := range message.Value.Content {
		switch block := content.(type) {
		case *types.ContentBlockMemberText:
			if strings.TrimSpace(block.Value) != "" { // which could not be sent back
				response.Message.Blocks = append(response.Message.Blocks, Block{Text: block.Value})
			}
		case *types.ContentBlockMemberToolUse:
			use := ToolUse{ID: aws.ToString(block.Value.ToolUseId), Name: aws.ToString(block.Value.Name), Input: []byte("null")}
			if block.Value.Input != nil {
				var err error
				if use.Input, err = block.Value.Input.MarshalSmithyDocument(); err != nil {
					return response, failure.New(task.ErrorInternal, "the model's tool input: %w", err)
				}
			}
			response.Message.Blocks = append(response.Message.Blocks, Block{Use: &use})
		}
	}
	return response, nil
}
