package model

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/document"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
)

// input puts a request into Converse's words.
func (b *Bedrock) input(request Request) (*bedrockruntime.ConverseInput, error) {
	in := &bedrockruntime.ConverseInput{
		ModelId:         &b.id,
		System:          []types.SystemContentBlock{&types.SystemContentBlockMemberText{Value: request.System}},
		InferenceConfig: &types.InferenceConfiguration{MaxTokens: aws.Int32(int32(request.MaxOutput))},
		ToolConfig:      &types.ToolConfiguration{},
	}
	for _, tool := range request.Tools {
		in.ToolConfig.Tools = append(in.ToolConfig.Tools, &types.ToolMemberToolSpec{Value: types.ToolSpecification{
			Name: &tool.Name, Description: &tool.Description,
			InputSchema: &types.ToolInputSchemaMemberJson{Value: document.NewLazyDocument(tool.Schema)},
		}})
	}
	if request.Force != "" && !b.free.Load() {
		in.ToolConfig.ToolChoice = &types.ToolChoiceMemberTool{Value: types.SpecificToolChoice{Name: &request.Force}}
	}
	for _, message := range request.Messages {
		blocks, err := contentOf(message)
		if err != nil {
			return nil, err
		}
		in.Messages = append(in.Messages, types.Message{Role: types.ConversationRole(message.Role), Content: blocks})
	}
	return in, nil
}

// contentOf puts a message's blocks into Converse's words.
func contentOf(message Message) ([]types.ContentBlock, error) {
	var blocks []types.ContentBlock
	for _, block := range message.Blocks {
		switch {
		case block.Use != nil:
			// The type of a number that was decoded otherwise would be sent as text.
			var input any
			if err := json.Unmarshal(block.Use.Input, &input); err != nil {
				return nil, fmt.Errorf("the input of tool %s: %w", block.Use.Name, err)
			}
			if _, ok := input.(map[string]any); !ok {
				input = map[string]any{} // all that Converse takes is an object
			}
			blocks = append(blocks, &types.ContentBlockMemberToolUse{Value: types.ToolUseBlock{
				ToolUseId: &block.Use.ID, Name: &block.Use.Name, Input: document.NewLazyDocument(input),
			}})
		case block.Result != nil:
			status := types.ToolResultStatusSuccess
			if block.Result.Failed {
				status = types.ToolResultStatusError
			}
			blocks = append(blocks, &types.ContentBlockMemberToolResult{Value: types.ToolResultBlock{
				ToolUseId: &block.Result.ID, Status: status,
				Content: []types.ToolResultContentBlock{&types.ToolResultContentBlockMemberText{Value: block.Result.Text}},
			}})
		default:
			blocks = append(blocks, &types.ContentBlockMemberText{Value: block.Text})
		}
	}
	return blocks, nil
}
