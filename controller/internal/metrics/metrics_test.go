package metrics_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/metrics"
	"github.com/aegis-agents/aegis/controller/task"
)

type clock struct{}

func (clock) Now() time.Time { return time.UnixMilli(1769860800123).UTC() }

func TestLines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		write func(*metrics.Metrics)
		want  string
	}{
		"started": {
			func(m *metrics.Metrics) { m.TaskStarted("research") },
			`{"Agent":"research","TasksStarted":1,"_aws":{"Timestamp":1769860800123,"CloudWatchMetrics":[{"Namespace":"Aegis","Dimensions":[[],["Agent"]],"Metrics":[{"Name":"TasksStarted","Unit":"Count"}]}]}}`,
		},
		"finished": {
			func(m *metrics.Metrics) {
				m.TaskAnswered("analyst", "", 1500*time.Millisecond, task.Usage{Model: "stub", Simulated: true, InputTokens: 7, OutputTokens: 2})
			},
			`{"Agent":"analyst","InputTokens":7,"Model":"stub","OutputTokens":2,"Simulated":true,"TaskAge":1.5,"TasksFinished":1,"_aws":{"Timestamp":1769860800123,"CloudWatchMetrics":[{"Namespace":"Aegis","Dimensions":[[],["Agent"]],"Metrics":[` +
				`{"Name":"TasksFinished","Unit":"Count"},{"Name":"TaskAge","Unit":"Seconds"},{"Name":"InputTokens","Unit":"Count"},{"Name":"OutputTokens","Unit":"Count"}]}]}}`,
		},
		"failed": {
			func(m *metrics.Metrics) { m.TaskAnswered("analyst", "Agent.Refused", -time.Second, task.Usage{}) },
			`{"Agent":"analyst","Error":"Agent.Refused","InputTokens":0,"Model":"","OutputTokens":0,"Simulated":false,"TaskAge":0,"TasksFailed":1,"_aws":{"Timestamp":1769860800123,"CloudWatchMetrics":[{"Namespace":"Aegis","Dimensions":[[],["Agent"]],"Metrics":[` +
				`{"Name":"TasksFailed","Unit":"Count"},{"Name":"TaskAge","Unit":"Seconds"},{"Name":"InputTokens","Unit":"Count"},{"Name":"OutputTokens","Unit":"Count"}]}]}}`,
		},
		"dropped, of nobody": {
			func(m *metrics.Metrics) { m.AnswerDropped("") },
			`{"AnswersDropped":1,"_aws":{"Timestamp":1769860800123,"CloudWatchMetrics":[{"Namespace":"Aegis","Dimensions":[[]],"Metrics":[{"Name":"AnswersDropped","Unit":"Count"}]}]}}`,
		},
		"dead letters": {
			func(m *metrics.Metrics) { m.DeadLetters("tasks", 3) },
			`{"DeadLetters":3,"Queue":"tasks","_aws":{"Timestamp":1769860800123,"CloudWatchMetrics":[{"Namespace":"Aegis","Dimensions":[[],["Queue"]],"Metrics":[{"Name":"DeadLetters","Unit":"Count"}]}]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			tc.write(metrics.New(&out, "Aegis", clock{}))
			if diff := cmp.Diff(tc.want+"\n", out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every line follows the specification, and is one that the package's documentation lists.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func TestEveryLineIsEMF(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := metrics.New(&out, "Aegis", clock{})
	m.TaskStarted("a")
	m.TaskAnswered("a", "", time.Second, task.Usage{})
	m.TaskAnswered("a", "E", time.Second, task.Usage{})
	m.AnswerDropped("a")
	m.AnswerRefused(task.Forged)
	m.DeadLetters("callbacks", 0)
	m.OldestTask(time.Hour)
	m.CheckProblems(0)
	units := []string{"Count", "Seconds"}
	var names []string
	for line := range strings.Lines(out.String()) {
		var root map[string]any
		var meta struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name, Unit string }
				}
			} `json:"_aws"`
		}
		if err := errors.Join(json.Unmarshal([]byte(line), &root), json.Unmarshal([]byte(line), &meta)); err != nil {
			t.Fatal(err)
		}
		if len(meta.AWS.CloudWatchMetrics) != 1 || meta.AWS.Timestamp != clock.Now(clock{}).UnixMilli() {
			t.Fatalf("got %s", line)
		}
		set := meta.AWS.CloudWatchMetrics[0]
		for _, dimensions := range set.Dimensions {
			for _, name := range dimensions {
				if value, ok := root[name].(string); !ok || value == "" {
					t.Errorf("dimension %s: must be text, got %v", name, root[name])
				}
			}
		}
		for _, metric := range set.Metrics {
			if _, ok := root[metric.Name].(float64); !ok || !slices.Contains(units, metric.Unit) {
				t.Errorf("metric %+v: got %v", metric, root[metric.Name])
			}
			if !slices.Contains(names, metric.Name) {
				names = append(names, metric.Name)
			}
		}
	}
	if len(names) != 11 {
		t.Errorf("want the 11 that the documentation lists, got %v", names)
	}
}
