package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/controller/flow"
)

// alarmsSeeWhatFunctionsCount: an alarm on a metric that nothing writes is always well.
func alarmsSeeWhatFunctionsCount(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	source := read(t, "../../controller/internal/metrics/metrics.go")
	var watched []string
	for id, alarm := range stack.Resources("aws_cloudwatch_metric_alarm") {
		namespace, _ := alarm["namespace"].(string)
		name, _ := alarm["metric_name"].(string)
		if !strings.HasPrefix(namespace, "Aegis/") {
			if alarm["dimensions"] == nil {
				t.Errorf("%s: %s of everything in the account", id, name)
			}
			continue
		}
		watched = append(watched, name)
		for _, fn := range stack.Resources("aws_lambda_function") {
			if got := synthtest.Get(fn, "environment", "variables", "METRICS_NAMESPACE"); got != namespace {
				t.Errorf("%s: looks at %s, the functions write to %v", id, namespace, got)
			}
		}
		if alarm["dimensions"] != nil {
			t.Errorf("%s: looks at a part only", id)
		}
		if !regexp.MustCompile(`(count|seconds)\("` + name + `"`).MatchString(source) {
			t.Errorf("%s: nothing writes %s", id, name)
		}
	}
	slices.Sort(watched)
	if diff := cmp.Diff([]string{"AnswersRefused", "CheckProblems", "OldestTask"}, watched); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	dashboard, _ := stack.Resources("aws_cloudwatch_dashboard")["Dashboard"]["dashboard_body"].(string)
	for _, name := range watched {
		if !strings.Contains(dashboard, `"`+name+`"`) {
			t.Errorf("the dashboard has no %s", name)
		}
	}
}

func TestAlarms(t *testing.T) {
	e := presets()[dev]
	stack := synthesize(t, e)[e.stackName()]
	longest := longestTask(flow.Workflows())
	for name, want := range map[string]map[string]any{
		"check-problems":  {"statistic": "Sum", "comparison_operator": "GreaterThanThreshold", "threshold": 0., "evaluation_periods": 5., "datapoints_to_alarm": 3., "treat_missing_data": "notBreaching"},
		"answers-refused": {"statistic": "Sum", "comparison_operator": "GreaterThanThreshold", "threshold": 0., "evaluation_periods": 1., "datapoints_to_alarm": nil, "treat_missing_data": "notBreaching"},
		"oldest-task":     {"statistic": "Maximum", "comparison_operator": "GreaterThanThreshold", "threshold": (longest + answerGrace).Seconds(), "evaluation_periods": 5., "datapoints_to_alarm": 3., "treat_missing_data": "notBreaching"},
		"state-checker-silent": {
			"namespace": "AWS/Lambda", "metric_name": "Invocations", "statistic": "Sum", "comparison_operator": "LessThanThreshold",
			"threshold": 1., "evaluation_periods": 10., "datapoints_to_alarm": nil, "treat_missing_data": "breaching",
		},
	} {
		alarm := stack.Named("aws_cloudwatch_metric_alarm", name)
		for attribute, value := range want {
			if alarm[attribute] != value {
				t.Errorf("%s: %s: want %v, got %v", name, attribute, value, alarm[attribute])
			}
		}
	}
	// The guide says what each is for, and what all cost.
	guide := read(t, "../../docs/operator-guide.md")
	alarms := stack.Resources("aws_cloudwatch_metric_alarm")
	for id, alarm := range alarms {
		name := strings.TrimPrefix(alarm["alarm_name"].(string), e.name(""))
		for _, kind := range []string{"-errors", "-throttles"} {
			if strings.HasSuffix(name, kind) {
				name = "…" + kind
			}
		}
		if !strings.Contains(guide, "`"+name+"`") {
			t.Errorf("%s: the guide has no %s", id, name)
		}
	}
	if cost := fmt.Sprintf("| Alarms | %d × 0.10 |", len(alarms)); !strings.Contains(guide, cost) {
		t.Errorf("the guide has no %q", cost)
	}
}

// TestLongestTask: the limit of oldest-task follows the workflows, and what the checker waits.
func TestLongestTask(t *testing.T) {
	t.Parallel()
	got := longestTask([]flow.Workflow{
		{Timeout: flow.Day, Steps: []flow.Step{{Agent: &flow.Run{Task: flow.Task{Timeout: 2 * flow.Minute}}}}},
		{Steps: []flow.Step{{Map: &flow.Map{Task: flow.Task{Timeout: 3 * flow.Minute}}}, {Approval: &flow.Approval{Timeout: flow.Hour}}}},
	})
	if got != 3*time.Minute {
		t.Errorf("got %s", got)
	}
	grace := regexp.MustCompile(`(?m)^const Grace = (.*)$`).FindStringSubmatch(read(t, "../../controller/internal/dispatch/dispatch.go"))
	if len(grace) != 2 || grace[1] != "10 * time.Minute" || answerGrace != 10*time.Minute {
		t.Errorf("the dispatcher's grace is %v, the alarm's %s", grace, answerGrace)
	}
}

// TestChecksAreNotRepeated: the next run does the work of one that failed.
func TestChecksAreNotRepeated(t *testing.T) {
	e := presets()[dev]
	configs := synthesize(t, e)[e.stackName()].Resources("aws_lambda_function_event_invoke_config")
	if len(configs) != 1 {
		t.Fatalf("got %d", len(configs))
	}
	for id, config := range configs {
		if !strings.HasPrefix(id, "StateChecker") || config["maximum_retry_attempts"] != 0. || config["maximum_event_age_in_seconds"] != 60. {
			t.Errorf("%s: got %v", id, config)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
