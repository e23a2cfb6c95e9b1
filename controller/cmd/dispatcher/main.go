package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/dispatch"
	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/controller/internal/ecsrun"
	"github.com/aegis-agents/aegis/controller/internal/function"
	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/s3blob"
	"github.com/aegis-agents/aegis/controller/internal/settle"
	"github.com/aegis-agents/aegis/controller/internal/stepfn"
	"github.com/aegis-agents/aegis/controller/internal/store"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() { function.Main(setUp) }

// setUp does once what no invocation should pay for.
func setUp(ctx context.Context) (any, bool) {
	s := function.New(version, os.Stdout)
	bucket := s.Env.Required("ARTIFACT_BUCKET")
	secret := s.Env.ARN("MAC_SECRET", "secretsmanager")
	options := ecsrun.Options{Cluster: s.Env.ARN("CLUSTER", "ecs")}
	options.TaskDefinitions = s.Env.ARNs("TASK_DEFINITIONS", "ecs", agents()...)
	options.Subnets = s.Env.List("SUBNETS")
	options.SecurityGroups = s.Env.List("SECURITY_GROUPS")
	options.AssignPublicIP = s.Env.Bool("ASSIGN_PUBLIC_IP")
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
	runner := ecsrun.New(ecs.NewFromConfig(cfg), s3blob.New(s3.NewFromConfig(cfg), bucket), options)
	records := store.New(dynamo.New(dynamodb.NewFromConfig(cfg), s.Table), clock, s.Keep)
	d := dispatch.New(dispatch.Config{
		Store: records, Runner: runner, Clock: clock, Metrics: s.Metrics, Log: s.Log,
		Keys:    keyring.NewSecret(secretsmanager.NewFromConfig(cfg), secret, clock),
		Settler: settle.New(settle.Config{Store: records, Engine: engine, Runner: runner, Metrics: s.Metrics, Log: s.Log}),
	})
	return function.Batch(s.Log, d.Handle), true
}

func agents() []string {
	var names []string
	for _, agent := range flow.Agents() {
		names = append(names, string(agent))
	}
	return names
}
