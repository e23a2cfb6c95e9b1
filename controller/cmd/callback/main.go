package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/controller/internal/function"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// errInvalid has a message come again and become a dead letter: it may be of a newer
// version than this program's, which the next one can read.
var errInvalid = errors.New("the message cannot be read")

func main() { function.Main(setUp) }

// setUp does once what no invocation should pay for.
func setUp(ctx context.Context) (any, bool) {
	s := function.New(version, os.Stdout)
	secret := s.Env.ARN("MAC_SECRET", "secretsmanager")
	cfg, ok := s.AWS(ctx)
	if !ok {
		return nil, false
	}
	// Answers go by token: they need no state machine.
	engine, err := stepfn.New(sfn.NewFromConfig(cfg), nil)
	if err != nil {
		return nil, s.Failed(err, "the client of Step Functions")
	}
	clock := port.SystemClock{}
	records := store.New(dynamo.New(dynamodb.NewFromConfig(cfg), s.Table), clock, s.Keep)
	h := callback.New(callback.Config{
		Store: records, Engine: engine, Clock: clock, Metrics: s.Metrics, Log: s.Log,
		Keys:    keyring.NewSecret(secretsmanager.NewFromConfig(cfg), secret, clock),
		Settler: settle.New(settle.Config{Store: records, Engine: engine, Metrics: s.Metrics, Log: s.Log}),
	})
	return function.Batch(s.Log, func(ctx context.Context, body []byte, _ time.Time) error {
		outcome, err := h.Handle(ctx, body)
		if err == nil && outcome == callback.Invalid {
			err = errInvalid
		}
		return err
	}), true
}
