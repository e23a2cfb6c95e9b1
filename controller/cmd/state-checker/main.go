package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/internal/checker"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/controller/internal/ecsrun"
	"github.com/aegis-agents/aegis/controller/internal/function"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/sqsqueue"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() { function.Main(setUp) }

// setUp does once what no invocation should pay for.
func setUp(ctx context.Context) (any, bool) {
	s := function.New(version, os.Stdout)
	machines := s.Env.ARNs("STATE_MACHINES", "states", function.Flows()...)
	secret := s.Env.ARN("MAC_SECRET", "secretsmanager")
	cluster := s.Env.ARN("CLUSTER", "ecs")
	deadTasks := s.Env.QueueURL("TASK_DEAD_LETTERS")
	deadCallbacks := s.Env.QueueURL("CALLBACK_DEAD_LETTERS")
	cfg, ok := s.AWS(ctx)
	if !ok {
		return nil, false
	}
	engine, err := stepfn.New(sfn.NewFromConfig(cfg), machines)
	if err != nil {
		return nil, s.Failed(err, "STATE_MACHINES")
	}
	clock := port.SystemClock{}
	queues := sqs.NewFromConfig(cfg)
	keys := keyring.NewSecret(secretsmanager.NewFromConfig(cfg), secret, clock)
	// It starts no task, and so needs no task definition.
	runner := ecsrun.New(ecs.NewFromConfig(cfg), nil, ecsrun.Options{Cluster: cluster})
	records := store.New(dynamo.New(dynamodb.NewFromConfig(cfg), s.Table), clock, s.Keep)
	settler := settle.New(settle.Config{Store: records, Engine: engine, Runner: runner, Metrics: s.Metrics, Log: s.Log})
	c := checker.New(checker.Config{
		Store: records, Engine: engine, Runner: runner, Clock: clock, Settler: settler, Metrics: s.Metrics, Log: s.Log,
		Callback: callback.New(callback.Config{
			Store: records, Engine: engine, Keys: keys, Clock: clock, Settler: settler, Metrics: s.Metrics, Log: s.Log,
		}),
		Dispatch: dispatch.New(dispatch.Config{
			Store: records, Runner: runner, Keys: keys, Clock: clock, Settler: settler, Metrics: s.Metrics, Log: s.Log,
		}),
		TaskDeadLetters: sqsqueue.New(queues, deadTasks), CallbackDeadLetters: sqsqueue.New(queues, deadCallbacks),
	})
	return func(ctx context.Context) (checker.Report, error) { return c.Run(ctx) }, true
}
