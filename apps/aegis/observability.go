package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchdashboard"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchmetricalarm"
)

const (
	minute = 60
	// oldTask is when an order has waited too long, in seconds: the dispatcher
	// takes one at once.
	oldTask = 300
	// widgetWidth is half of a dashboard's 24 columns.
	widgetWidth, widgetHeight = 12, 6
)

// metric is a metric with its one dimension.
type metric struct {
	namespace, name, dimension string
	value                      *string
	statistic                  string
}

// metrics is the namespace of what the functions count.
func (p *platform) metrics() string { return "Aegis/" + p.env.Name }

// alarms are what somebody has to look at: by what is called, and why.
func (p *platform) alarms() []struct {
	name, why string
	metric    metric
	above     int
} {
	type alarm = struct {
		name, why string
		metric    metric
		above     int
	}
	var all []alarm
	for _, q := range []struct {
		name string
		queue
	}{{"task", p.tasks}, {"callback", p.callbacks}} {
		all = append(all,
			alarm{
				q.name + "-dead-letters", "Messages kept failing and wait among the dead letters",
				metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q.deadLetters.Name(), "Maximum"}, 0,
			},
			alarm{
				q.name + "-age", "The oldest message waits for more than five minutes",
				metric{"AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", q.Name(), "Maximum"}, oldTask,
			})
	}
	for _, f := range p.functions.named() {
		all = append(all,
			alarm{f.name + "-errors", "Calls of the function fail", metric{"AWS/Lambda", "Errors", "FunctionName", f.Name(), "Sum"}, 0},
			alarm{f.name + "-throttles", "Calls of the function are refused for want of concurrency", metric{"AWS/Lambda", "Throttles", "FunctionName", f.Name(), "Sum"}, 0})
	}
	for _, w := range p.workflows {
		all = append(all,
			alarm{w.name + "-failed", "Workflows failed", metric{"AWS/States", "ExecutionsFailed", "StateMachineArn", w.machine.Arn(), "Sum"}, 0},
			alarm{w.name + "-timed-out", "Workflows ran out of time", metric{"AWS/States", "ExecutionsTimedOut", "StateMachineArn", w.machine.Arn(), "Sum"}, 0})
	}
	return all
}

func (p *platform) newAlarms() {
	node := constructs.NewConstruct(p.stack, jsii.String("Alarms"))
	var actions *[]*string
	if p.env.AlarmTopicARN != "" {
		actions = jsii.Strings(p.env.AlarmTopicARN)
	}
	for _, a := range p.alarms() {
		cloudwatchmetricalarm.NewCloudwatchMetricAlarm(node, jsii.String(a.name), &cloudwatchmetricalarm.CloudwatchMetricAlarmConfig{
			AlarmName: jsii.String(p.env.name(a.name)), AlarmDescription: jsii.String(a.why),
			Namespace: jsii.String(a.metric.namespace), MetricName: jsii.String(a.metric.name),
			Dimensions: &map[string]*string{a.metric.dimension: a.metric.value}, Statistic: jsii.String(a.metric.statistic),
			Period: jsii.Number(minute), EvaluationPeriods: jsii.Number(1),
			ComparisonOperator: jsii.String("GreaterThanThreshold"), Threshold: jsii.Number(a.above),
			// Nothing happens in a platform that nobody uses, and that is well.
			TreatMissingData: jsii.String("notBreaching"),
			AlarmActions:     actions, OkActions: actions,
			Tags: nameTag(p.env.name(a.name)),
		})
	}
}

// newDashboard draws what the alarms watch and how much there is to do.
func (p *platform) newDashboard() {
	var widgets []any
	draw := func(title string, metrics ...metric) {
		n := len(widgets)
		lines := []any{}
		for _, m := range metrics {
			lines = append(lines, []any{m.namespace, m.name, m.dimension, *m.value, map[string]any{"stat": m.statistic}})
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
		of := func(name, statistic string) metric {
			return metric{"AWS/Lambda", name, "FunctionName", f.Name(), statistic}
		}
		calls, errors = append(calls, of("Invocations", "Sum")), append(errors, of("Errors", "Sum"))
		throttles, durations = append(throttles, of("Throttles", "Sum")), append(durations, of("Duration", "p95"))
	}
	draw("Workflows", executions...)
	draw("Agents running", metric{"ECS/ContainerInsights", "TaskCount", "ClusterName", p.cluster.Name(), "Maximum"})
	draw("Oldest message, seconds", waiting...)
	draw("Dead letters", dead...)
	draw("Calls", calls...)
	draw("Errors", errors...)
	draw("Throttles", throttles...)
	draw("Duration, milliseconds, p95", durations...)
	cloudwatchdashboard.NewCloudwatchDashboard(p.stack, jsii.String("Dashboard"), &cloudwatchdashboard.CloudwatchDashboardConfig{
		DashboardName: jsii.String(p.env.stackName()), DashboardBody: jsonText(map[string]any{"widgets": widgets}),
	})
}
