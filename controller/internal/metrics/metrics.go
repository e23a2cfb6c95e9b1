package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// The dimensions.
const (
	agentDimension  = "Agent"
	reasonDimension = "Reason"
	queueDimension  = "Queue"
)

// Metrics writes metrics. It may be used from several goroutines.
type Metrics struct {
	namespace string
	clock     port.Clock

	mu  sync.Mutex
	out io.Writer
}

// New returns Metrics that writes lines to out, which is standard output in a function.
func New(out io.Writer, namespace string, clock port.Clock) *Metrics {
	return &Metrics{namespace: namespace, clock: clock, out: out}
}

// Discard returns Metrics that nobody sees.
func Discard() *Metrics { return New(io.Discard, "none", port.SystemClock{}) }

// TaskStarted counts a run that was started.
func (m *Metrics) TaskStarted(agent string) {
	m.write(agentDimension, agent, nil, count("TasksStarted", 1))
}

// TaskAnswered counts the first answer to a task. failure is the error's name, empty for a result.
func (m *Metrics) TaskAnswered(agent, failure string, age time.Duration, usage task.Usage) {
	values := []value{count("TasksFinished", 1)}
	properties := map[string]any{"Model": usage.Model, "Simulated": usage.Simulated}
	if failure != "" {
		values[0].name = "TasksFailed"
		properties["Error"] = failure
	}
	values = append(values, seconds("TaskAge", age),
		count("InputTokens", usage.InputTokens), count("OutputTokens", usage.OutputTokens))
	m.write(agentDimension, agent, properties, values...)
}

// AnswerDropped counts an answer that nobody waited for any more.
func (m *Metrics) AnswerDropped(agent string) {
	m.write(agentDimension, agent, nil, count("AnswersDropped", 1))
}

// AnswerRefused counts a message that is not an answer, by the code of its error.
func (m *Metrics) AnswerRefused(reason task.Code) {
	m.write(reasonDimension, string(reason), nil, count("AnswersRefused", 1))
}

// DeadLetters counts messages found in a queue of dead letters.
func (m *Metrics) DeadLetters(queue string, found int) {
	m.write(queueDimension, queue, nil, count("DeadLetters", found))
}

// OldestTask says how old the oldest open task is: 0 when there is none.
func (m *Metrics) OldestTask(age time.Duration) {
	m.write("", "", nil, seconds("OldestTask", age))
}

// CheckProblems counts what the checker could not do.
func (m *Metrics) CheckProblems(problems int) {
	m.write("", "", nil, count("CheckProblems", problems))
}

type value struct {
	name, unit string
	number     any
}

func count(name string, n int) value { return value{name, "Count", n} }

func seconds(name string, d time.Duration) value { return value{name, "Seconds", max(d.Seconds(), 0)} }

type (
	metadata struct {
		Timestamp         int64       `json:"Timestamp"` // in milliseconds
		CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
	}
	directive struct {
		Namespace  string       `json:"Namespace"`
		Dimensions [][]string   `json:"Dimensions"`
		Metrics    []definition `json:"Metrics"`
	}
	definition struct {
		Name string `json:"Name"`
		Unit string `json:"Unit"`
	}
)

// write writes a line. Each metric is there in all, for the stack's alarms and
// dashboard, and by the dimension, for who looks closer.
func (m *Metrics) write(dimension, is string, properties map[string]any, values ...value) {
	set := directive{Namespace: m.namespace, Dimensions: [][]string{{}}}
	line := map[string]any{}
	maps.Copy(line, properties)
	// An empty value of a dimension would have the whole line ignored.
	if dimension != "" && is != "" {
		set.Dimensions = append(set.Dimensions, []string{dimension})
		line[dimension] = is
	}
	for _, v := range values {
		set.Metrics = append(set.Metrics, definition{v.name, v.unit})
		line[v.name] = v.number
	}
	line["_aws"] = metadata{Timestamp: m.clock.Now().UnixMilli(), CloudWatchMetrics: []directive{set}}
	text, err := json.Marshal(line)
	if err != nil {
		// Strings and numbers always encode: only a defect of this package gets here.
		text = fmt.Appendf(nil, `{"level":"ERROR","message":"a metric does not encode","cause":%q}`, err.Error())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.out, "%s\n", text)
}
