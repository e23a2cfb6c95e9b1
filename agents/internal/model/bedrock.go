package model

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/controller/task"
)

type Bedrock struct{ id string }

func NewBedrock(_ aws.Config, id string) *Bedrock { return &Bedrock{id} }
func (b *Bedrock) ID() string                     { return b.id }
func (b *Bedrock) Simulated() bool                { return false }
func (b *Bedrock) Converse(context.Context, Request) (Response, error) {
	return Response{}, failure.New(task.ErrorInternal, "not yet")
}
