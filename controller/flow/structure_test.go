package flow_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/aegis-agents/aegis/controller/flow"
)

// asl is as much of a definition as the structural checks and the runner need.
type asl struct {
	StartAt        string
	TimeoutSeconds int
	States         map[string]aslState
}

type aslState struct {
	Type             string
	Resource         string
	Parameters       map[string]any
	ItemsPath        string
	ItemSelector     map[string]any
	ItemProcessor    *asl
	MaxConcurrency   int
	Choices          []aslRule
	Default          string
	Seconds          int
	Error, ErrorPath string
	Cause, CausePath string
	TimeoutSeconds   int
	HeartbeatSeconds int
	Retry            []aslRetrier
	Catch            []aslCatcher
	ResultSelector   map[string]any
	ResultPath       string
	OutputPath       string
	Next             string
	End              bool
}

type aslRule struct {
	And                   []aslRule
	Variable              string
	IsPresent, IsString   *bool
	BooleanEquals         *bool
	StringEquals          *string
	NumericLessThanEquals *float64
	Next                  string
}

type aslRetrier struct {
	ErrorEquals                  []string
	MaxAttempts                  *int
	IntervalSeconds, BackoffRate float64
	MaxDelaySeconds              float64
	JitterStrategy               string
}

type aslCatcher struct {
	ErrorEquals []string
	ResultPath  *string
	Next        string
}

func definition(t *testing.T, w flow.Workflow) asl {
	t.Helper()
	data, err := flow.Render(w, names)
	if err != nil {
		t.Fatal(err)
	}
	var out asl
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStructure(t *testing.T) {
	t.Parallel()
	for _, w := range allFlows() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			checkMachine(t, definition(t, w), seen)
			for _, step := range w.Steps {
				if !seen[step.Name] {
					t.Errorf("step %s is no state", step.Name)
				}
			}
		})
	}
}

// checkMachine checks one machine, and those of its maps: names are unique in all.
func checkMachine(t *testing.T, m asl, seen map[string]bool) {
	t.Helper()
	if _, ok := m.States[m.StartAt]; !ok {
		t.Errorf("StartAt %q is no state", m.StartAt)
	}
	reached := map[string]bool{}
	ends := 0
	for queue := []string{m.StartAt}; len(queue) > 0; queue = queue[1:] {
		if reached[queue[0]] {
			continue
		}
		reached[queue[0]] = true
		s := m.States[queue[0]]
		next := []string{s.Next, s.Default}
		for _, rule := range s.Choices {
			next = append(next, rule.Next)
		}
		for _, catcher := range s.Catch {
			next = append(next, catcher.Next)
		}
		terminal := s.Type == "Succeed" || s.Type == "Fail" || s.End
		if terminal {
			ends++
		}
		for _, name := range next {
			if name == "" {
				continue
			}
			if _, ok := m.States[name]; !ok {
				t.Errorf("%s goes to %q, which is no state", queue[0], name)
			}
			queue = append(queue, name)
		}
		if goesOn := s.Next != "" || s.Type == "Choice"; goesOn == terminal {
			t.Errorf("%s must either go on or end", queue[0])
		}
	}
	if ends == 0 {
		t.Error("no end can be reached")
	}
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		s := m.States[name]
		if !reached[name] {
			t.Errorf("%s cannot be reached", name)
		}
		if seen[name] || len(name) > 80 {
			t.Errorf("%s: the name is taken or too long", name)
		}
		seen[name] = true
		for i, retrier := range s.Retry {
			if slices.Contains(retrier.ErrorEquals, "States.ALL") && (len(retrier.ErrorEquals) > 1 || i < len(s.Retry)-1) {
				t.Errorf("%s: States.ALL must be alone and last", name)
			}
		}
		if s.Type == "Task" && (s.TimeoutSeconds < 1 || s.HeartbeatSeconds >= s.TimeoutSeconds) {
			t.Errorf("%s: timeout %d, heartbeat %d", name, s.TimeoutSeconds, s.HeartbeatSeconds)
		}
		if s.ItemProcessor != nil {
			checkMachine(t, *s.ItemProcessor, seen)
		}
	}
}
