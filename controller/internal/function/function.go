package function

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/settings"
)

// Start is what every function starts with. Its fields are read in New.
type Start struct {
	Log *slog.Logger
	Env *settings.Reader
	// Table is the state table's name, Keep how long its records stay after the end.
	Table   string
	Keep    time.Duration
	Metrics *metrics.Metrics

	version string
}

// Main is the main function of all functions: setUp does once what no invocation
// should pay for, and logs it when that cannot be.
func Main[Handler any](setUp func(context.Context) (Handler, bool)) {
	handler, ok := setUp(context.Background())
	if !ok {
		// Lambda reports the exit as an init error of the function, next to the log.
		os.Exit(1)
	}
	lambda.Start(handler)
}

// New reads what all functions read. The metrics go to out.
func New(version string, out io.Writer) *Start {
	env := settings.NewReader(os.Getenv)
	s := &Start{
		// Lambda's own key names, so that its log filters work on these lines too.
		Log:     slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})),
		Env:     env,
		Table:   env.Required("STATE_TABLE"),
		Keep:    time.Duration(env.Int("KEEP_DAYS", 1, 3650, 90)) * 24 * time.Hour,
		version: version,
	}
	s.Metrics = metrics.New(out, env.Optional("METRICS_NAMESPACE", "Aegis"), port.SystemClock{})
	return s
}

// AWS returns the AWS configuration, once all settings were read. It logs what is
// wrong with them, all of it, and then returns false.
func (s *Start) AWS(ctx context.Context) (aws.Config, bool) {
	// The SDK reads it by itself, and without it fails only when it is used.
	s.Env.Required("AWS_REGION")
	if problems := s.Env.Problems(); len(problems) > 0 {
		s.Log.Error("cannot start: settings are missing or wrong", "problems", problems, "version", s.version)
		return aws.Config{}, false
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(sdkLog(s.Log)))
	if err != nil {
		return aws.Config{}, s.Failed(err, "the AWS configuration does not load")
	}
	return cfg, true
}

// Failed logs why the function cannot start, and returns false.
func (s *Start) Failed(err error, what string) bool {
	s.Log.Error("cannot start: "+what, "cause", err.Error(), "version", s.version)
	return false
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

// Flows returns the names of the workflows, each of which needs a state machine.
func Flows() []string {
	var names []string
	for _, f := range flow.Workflows() {
		names = append(names, f.Name)
	}
	return names
}
