package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/logging"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/health"
	"github.com/aegis-agents/aegis/controller/internal/settings"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	handler, ok := setUp(context.Background())
	if !ok {
		// Lambda reports the exit as an init error of the function, next to the log.
		os.Exit(1)
	}
	lambda.Start(handler)
}

// setUp does once what no invocation should pay for. It logs what is wrong
// with the environment, all of it, and then returns false.
func setUp(ctx context.Context) (*api.Handler, bool) {
	// Lambda's own key names, so that its log filters work on these lines too.
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}))

	env := settings.NewReader(os.Getenv)
	table := env.Required("STATE_TABLE")
	queue := env.QueueURL("TASK_QUEUE")
	// The SDK reads it by itself, and without it fails only when it is used.
	env.Required("AWS_REGION")
	if problems := env.Problems(); len(problems) > 0 {
		log.Error("cannot start: settings are missing or wrong", "problems", problems, "version", version)
		return nil, false
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(sdkLog(log)))
	if err != nil {
		log.Error("cannot start: the AWS configuration does not load", "cause", err.Error(), "version", version)
		return nil, false
	}
	checker := health.New(log, dynamodb.NewFromConfig(cfg), table, sqs.NewFromConfig(cfg), queue)
	return api.NewHandler(version, log, checker.Action()), true
}

// sdkLog makes the SDK's warnings lines of the same log. It has no debug
// messages unless asked for them: they would hold requests.
func sdkLog(log *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(class logging.Classification, format string, args ...any) {
		if class == logging.Warn {
			log.Warn("aws sdk", "cause", fmt.Sprintf(format, args...))
		}
	})
}
