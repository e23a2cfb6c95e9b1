package main

import (
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchdashboard"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchmetricalarm"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/controller/flow"
)

const (
	minute = 60
	// oldMessage is when a message has waited too long, in seconds: a function
	// takes one at once.
	oldMessage = 300
	// answerGrace is how long after its deadline the checker gives a task up. It is
	// controller/internal/dispatch's Grace.
	answerGrace = 10 * time.Minute
	// silence is for how many minutes the state checker may not run.
	silence = 10
	// widgetWidth is half of a dashboard's 24 columns.
	widgetWidth, widgetHeight = 12, 6
)

// metric is a metric with its one dimension, or without.
type metric struct {
	namespace, name, dimension string
	value                      *string
	statistic                  string
}

// alarm is what somebody has to look at. Nothing happens in a platform that nobody
// uses, and that is well: a minute without data is a good one, unless silent says otherwise.
type alarm struct {
	name, why string
	metric    metric
	above     int
	// minutes is how many it looks at. Default: the last one.
	minutes int
	// bad is how many of them must be bad. Default: all.
	bad int
	// silent turns the alarm around: it tells that there was nothing.
	silent bool
}

// metrics is the namespace of what the functions count.
func (p *platform) metrics() string { return "Aegis/" + p.env.Name }

// counted is a metric of all agents, reasons and queues: those by one of them have
// a dimension. Its unit is left out, as there is but one.
func (p *platform) counted(name, statistic string) metric {
	return metric{namespace: p.metrics(), name: name, statistic: statistic}
}

// alarms are what somebody has to look at: by what is called, and why.
func (p *platform) alarms() []alarm {
	var all []alarm
	for _, q := range []struct {
		name string
		queue
	}{{"task", p.tasks}, {"callback", p.callbacks}} {
		all = append(all,
			alarm{
				name: q.name + "-dead-letters", why: "Messages kept failing and wait among the dead letters",
				metric: metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q.deadLetters.Name(), "Maximum"},
			},
			alarm{
				name: q.name + "-age", why: "The oldest message waits for more than five minutes",
				metric: metric{"AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", q.Name(), "Maximum"}, above: oldMessage,
			})
	}
	for _, f := range p.functions.named() {
		all = append(all,
			alarm{name: f.name + "-errors", why: "Calls of the function end in an error, a crash or a timeout", metric: of(f.Function, "Errors", "Sum")},
			alarm{name: f.name + "-throttles", why: "Calls of the function are refused for want of concurrency", metric: of(f.Function, "Throttles", "Sum")})
	}
	for _, w := range p.workflows {
		all = append(all,
			alarm{name: w.name + "-failed", why: "Workflows failed", metric: metric{"AWS/States", "ExecutionsFailed", "StateMachineArn", w.machine.Arn(), "Sum"}},
			alarm{name: w.name + "-timed-out", why: "Workflows ran out of time", metric: metric{"AWS/States", "ExecutionsTimedOut", "StateMachineArn", w.machine.Arn(), "Sum"}})
	}
	// The functions' metrics: a message that fails is no error of its function.
	return append(all,
		// The next check does what one could not, so only what lasts is worth a look.
		alarm{name: "check-problems", why: "The state checker cannot do what it should, three minutes of five", metric: p.counted("CheckProblems", "Sum"), minutes: 5, bad: 3},
		alarm{name: "answers-refused", why: "Answers came without a MAC that is accepted, or cannot be read", metric: p.counted("AnswersRefused", "Sum")},
		alarm{
			name: "oldest-task", why: "A task is open for longer than any may take", metric: p.counted("OldestTask", "Maximum"),
			// The check that closes a task counts it, too.
			above: int((longestTask(flow.Workflows()) + answerGrace).Seconds()), minutes: 5, bad: 3,
		},
		alarm{
			name: "state-checker-silent", why: "The state checker has not run for ten minutes",
			metric: of(p.functions.checker, "Invocations", "Sum"), minutes: silence, silent: true,
		})
}

// of is a metric that Lambda counts of a function.
func of(f *lambda.Function, name, statistic string) metric {
	return metric{"AWS/Lambda", name, "FunctionName", f.Name(), statistic}
}

// longestTask is the longest that a workflow waits for an attempt of a task.
func longestTask(workflows []flow.Workflow) time.Duration {
	var longest flow.Seconds
	for _, w := range workflows {
		for _, step := range w.Steps {
			if step.Agent != nil {
				longest = max(longest, step.Agent.Timeout)
			}
			if step.Map != nil {
				longest = max(longest, step.Map.Task.Timeout)
			}
		}
	}
	return time.Duration(longest) * time.Second
}

func (p *platform) newAlarms() {
	node := constructs.NewConstruct(p.stack, jsii.String("Alarms"))
	var actions *[]*string
	if p.env.AlarmTopicARN != "" {
		actions = jsii.Strings(p.env.AlarmTopicARN)
	}
	for _, a := range p.alarms() {
		config := &cloudwatchmetricalarm.CloudwatchMetricAlarmConfig{
			AlarmName: jsii.String(p.env.name(a.name)), AlarmDescription: jsii.String(a.why),
			Namespace: jsii.String(a.metric.namespace), MetricName: jsii.String(a.metric.name), Statistic: jsii.String(a.metric.statistic),
			Period: jsii.Number(minute), EvaluationPeriods: jsii.Number(max(a.minutes, 1)),
			ComparisonOperator: jsii.String("GreaterThanThreshold"), Threshold: jsii.Number(a.above),
			TreatMissingData: jsii.String("notBreaching"),
			AlarmActions:     actions, OkActions: actions,
			Tags: nameTag(p.env.name(a.name)),
		}
		if a.metric.dimension != "" {
			config.Dimensions = &map[string]*string{a.metric.dimension: a.metric.value}
		}
		if a.bad > 0 {
			config.DatapointsToAlarm = jsii.Number(a.bad)
		}
		if a.silent {
			config.ComparisonOperator, config.Threshold = jsii.String("LessThanThreshold"), jsii.Number(1)
			config.TreatMissingData = jsii.String("breaching")
		}
		cloudwatchmetricalarm.NewCloudwatchMetricAlarm(node, jsii.String(a.name), config)
	}
}

// newDashboard draws what the alarms watch and how much there is to do.
func (p *platform) newDashboard() {
	var widgets []any
	draw := func(title string, metrics ...metric) {
		n := len(widgets)
		lines := []any{}
		for _, m := range metrics {
			line := []any{m.namespace, m.name}
			if m.dimension != "" {
				line = append(line, m.dimension, *m.value)
			}
			lines = append(lines, append(line, map[string]any{"stat": m.statistic}))
		}
		widgets = append(widgets, map[string]any{
			"type": "metric", "x": n % 2 * widgetWidth, "y": n / 2 * widgetHeight, "width": widgetWidth, "height": widgetHeight,
			"properties": map[string]any{"title": title, "view": "timeSeries", "period": minute, "region": *p.region, "metrics": lines},
		})
	}
	var executions, waiting, dead, calls, errors, throttles, durations []metric
	for _, w := range p.workflows {
		for _, name := range []string{"ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} {
			executions = append(executions, metric{"AWS/States", name, "StateMachineArn", w.machine.Arn(), "Sum"})
		}
	}
	for _, q := range []queue{p.tasks, p.callbacks} {
		waiting = append(waiting, metric{"AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", q.Name(), "Maximum"})
		dead = append(dead, metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q.deadLetters.Name(), "Maximum"})
	}
	for _, f := range p.functions.named() {
		calls, errors = append(calls, of(f.Function, "Invocations", "Sum")), append(errors, of(f.Function, "Errors", "Sum"))
		throttles, durations = append(throttles, of(f.Function, "Throttles", "Sum")), append(durations, of(f.Function, "Duration", "p95"))
	}
	draw("Workflows", executions...)
	draw("Agents running", metric{"ECS/ContainerInsights", "TaskCount", "ClusterName", p.cluster.Name(), "Maximum"})
	draw("Oldest message, seconds", waiting...)
	draw("Dead letters", dead...)
	draw("Calls", calls...)
	draw("Errors", errors...)
	draw("Throttles", throttles...)
	draw("Duration, milliseconds, p95", durations...)
	draw("Control plane",
		p.counted("TasksStarted", "Sum"), p.counted("TasksFinished", "Sum"), p.counted("TasksFailed", "Sum"),
		p.counted("AnswersDropped", "Sum"), p.counted("AnswersRefused", "Sum"), p.counted("CheckProblems", "Sum"))
	draw("Oldest open task, seconds", p.counted("OldestTask", "Maximum"))
	cloudwatchdashboard.NewCloudwatchDashboard(p.stack, jsii.String("Dashboard"), &cloudwatchdashboard.CloudwatchDashboardConfig{
		DashboardName: jsii.String(p.env.stackName()), DashboardBody: jsonText(map[string]any{"widgets": widgets}),
	})
}
