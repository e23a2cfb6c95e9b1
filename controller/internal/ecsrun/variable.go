package ecsrun

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// variable returns what tells the agent its task: the message, or a reference to
// it when, escaped as the request has it, it would not fit in the overrides.
func (r *Runner) variable(ctx context.Context, t task.Task) (types.KeyValuePair, error) {
	message, err := t.Encode()
	if err != nil {
		return types.KeyValuePair{}, fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	escaped, err := json.Marshal(string(message))
	if err != nil {
		return types.KeyValuePair{}, err
	}
	if len(escaped) <= port.MaxTaskVariable {
		return types.KeyValuePair{Name: aws.String(port.TaskVariable), Value: aws.String(string(message))}, nil
	}
	sum := sha256.Sum256(message)
	ref := task.Ref{SHA256: hex.EncodeToString(sum[:]), Size: len(message)}
	if err := r.blob.Put(ctx, port.ObjectPrefix+ref.Key(), "application/json", message); err != nil {
		return types.KeyValuePair{}, err
	}
	value, err := json.Marshal(ref)
	return types.KeyValuePair{Name: aws.String(port.TaskRefVariable), Value: aws.String(string(value))}, err
}
