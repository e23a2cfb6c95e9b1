package health

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/awserr"
)

const (
	// defaultTimeout leaves room for the first TLS handshake of a cold start on
	// a small function, and is far below the function's own time limit.
	defaultTimeout = 3 * time.Second
	// answerMargin is kept of the invocation's time to send the answer: an
	// invocation cut by Lambda tells the caller nothing about the checks.
	answerMargin = 250 * time.Millisecond
	// attempts is two for the sake of one case: a connection that died while
	// Lambda had the function frozen. More would hide an unsteady service.
	attempts = 2
	// maxBackoff keeps the second attempt well within the timeout, which would
	// otherwise be reported instead of the first attempt's error.
	maxBackoff = 100 * time.Millisecond
)

// Unhealthy is the answer's error code when a check failed. The checks say which and why.
const Unhealthy api.Code = "unhealthy"

// Check is the outcome of one check.
type Check struct {
	Name      string   `json:"name"`
	OK        bool     `json:"ok"`
	LatencyMS int64    `json:"latency_ms"`
	Error     *Problem `json:"error,omitempty"`
}

// Problem is why a check failed and what to do about it.
type Problem struct {
	Code    awserr.Kind `json:"code"`
	Message string      `json:"message"`
	Remedy  string      `json:"remedy"`
}

// Checker runs the checks.
type Checker struct {
	probes  []probe
	log     *slog.Logger
	timeout time.Duration
}

// probe is one question to one service. problem is nil when all is well, cause
// is the client's error behind it, if it was one, for the log.
type probe struct {
	name string
	run  func(ctx context.Context) (problem *Problem, cause error)
}

// New returns a Checker of a table and of a queue, by the names the stack gave them.
func New(log *slog.Logger, tables tableDescriber, table string, queues queueReader, queueURL string) *Checker {
	return &Checker{
		probes:  []probe{tableProbe(tables, table), queueProbe(queues, queueURL)},
		log:     log,
		timeout: defaultTimeout,
	}
}

func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = maxBackoff
	})
}

// answer is the action's answer.
type answer struct {
	api.Answer
	Checks []Check `json:"checks"`
}

// Action returns the action health.
func (c *Checker) Action() api.Action {
	return api.Action{Name: "health", Get: "/health", Run: c.answer}
}

func (c *Checker) answer(ctx context.Context, fields api.Fields) (api.Answerer, error) {
	if err := fields.Decode(&struct{}{}); err != nil {
		return nil, err
	}
	a := &answer{Answer: api.Success(), Checks: c.Run(ctx)}
	var failed []string
	for _, check := range a.Checks {
		if !check.OK {
			failed = append(failed, check.Name+": "+check.Error.Message)
		}
	}
	if len(failed) > 0 {
		a.Answer = api.Failure(http.StatusServiceUnavailable, Unhealthy, strings.Join(failed, "; "))
	}
	return a, nil
}

// Run runs all checks at the same time and returns their outcomes, always in
// the same order. None takes longer than its timeout or the time ctx has left.
func (c *Checker) Run(ctx context.Context) []Check {
	limit := time.Now().Add(c.timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerMargin).Before(limit) {
		limit = deadline.Add(-answerMargin)
	}
	checks := make([]Check, len(c.probes))
	var running sync.WaitGroup
	for i, p := range c.probes {
		running.Go(func() {
			// Each has its own: one that fails must not cancel the others.
			ctx, cancel := context.WithDeadline(ctx, limit)
			defer cancel()
			checks[i] = c.runOne(ctx, p)
		})
	}
	running.Wait()
	return checks
}

func (c *Checker) runOne(ctx context.Context, p probe) Check {
	started := time.Now()
	problem, cause := p.run(ctx)
	took := time.Since(started)
	if problem != nil {
		// The client's own text names roles and accounts: for the operator's
		// log, not for every caller.
		attrs := []slog.Attr{slog.String("check", p.name), slog.String("error", string(problem.Code))}
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			attrs = append(attrs, slog.String("requestId", lc.AwsRequestID))
		}
		if cause != nil {
			attrs = append(attrs, slog.String("cause", cause.Error()))
		}
		c.log.LogAttrs(ctx, slog.LevelWarn, "check failed", attrs...)
	}
	return Check{Name: p.name, OK: problem == nil, LatencyMS: took.Milliseconds(), Error: problem}
}
