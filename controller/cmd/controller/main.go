package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/controller/internal/ecsrun"
	"github.com/aegis-agents/aegis/controller/internal/function"
	"github.com/aegis-agents/aegis/controller/internal/health"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() { function.Main(setUp) }

// setUp does once what no invocation should pay for.
func setUp(ctx context.Context) (*api.Handler, bool) {
	s := function.New(version, os.Stdout)
	queue := s.Env.QueueURL("TASK_QUEUE")
	machines := s.Env.ARNs("STATE_MACHINES", "states", function.Flows()...)
	cluster := s.Env.ARN("CLUSTER", "ecs")
	cfg, ok := s.AWS(ctx)
	if !ok {
		return nil, false
	}
	engine, err := stepfn.New(sfn.NewFromConfig(cfg), machines)
	if err != nil {
		return nil, s.Failed(err, "STATE_MACHINES")
	}
	clock := port.SystemClock{}
	tables := dynamodb.NewFromConfig(cfg)
	// It starts no task, and so needs no task definition.
	runner := ecsrun.New(ecs.NewFromConfig(cfg), nil, ecsrun.Options{Cluster: cluster})
	records := store.New(dynamo.New(tables, s.Table), clock, s.Keep)
	service := control.New(control.Config{
		Store: records, Engine: engine, Clock: clock, Log: s.Log,
		Settler: settle.New(settle.Config{Store: records, Engine: engine, Runner: runner, Metrics: s.Metrics, Log: s.Log}),
	})
	actions := append(service.Actions(), health.New(s.Log, tables, s.Table, sqs.NewFromConfig(cfg), queue).Action())
	return api.NewHandler(version, s.Log, actions...), true
}
