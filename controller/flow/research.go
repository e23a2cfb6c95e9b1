package flow

import (
	"encoding/json"

	"github.com/aegis-agents/aegis/controller/task"
)

// maxQuestions caps the research: each question is a task, hence a container.
const maxQuestions = 12

// maxSilence is how long an agent may say nothing, beginning when its task is
// ordered. In that time an order whose container did not start is tried again, each
// three minutes: the task queue shows it anew when the dispatcher failed. That an
// agent's container has stopped is noticed sooner, by the state checker.
const maxSilence = 8 * Minute

// Workflows lists all workflows. Each is checked, rendered and run by the tests.
func Workflows() []Workflow { return []Workflow{ResearchReport()} }

// ResearchReport is the default workflow: a topic becomes a report.
func ResearchReport() Workflow {
	// Another attempt costs money: not where it would meet the same error.
	retry := Retry{
		MaxAttempts: 3, Interval: 5 * Second, BackoffRate: 2, MaxDelay: 2 * Minute,
		Never: []string{task.ErrorAccessDenied, task.ErrorBudgetExceeded, task.ErrorInvalidInput, task.ErrorRefused},
	}
	work := func(agent Agent, timeout Seconds, input map[string]Ref) Task {
		return Task{Agent: agent, Input: input, Timeout: timeout, Heartbeat: maxSilence, Retry: retry}
	}
	return Workflow{
		Name:    "research-report",
		Comment: "Plans questions on a topic, researches and analyses them, and writes a report.",
		Inputs: []Input{
			{Name: "topic", Type: String, Max: 2000},
			{Name: "questions", Type: Integer, Default: json.RawMessage(`5`), Min: 1, Max: maxQuestions},
			{Name: "approval", Type: Boolean, Default: json.RawMessage(`true`)},
		},
		Timeout: 7 * Day,
		Steps: []Step{
			{Name: "plan", Agent: &Run{
				Task: work(Coordinator, 10*Minute, map[string]Ref{"topic": "input.topic", "questions": "input.questions"}),
				Next: "research",
			}},
			{Name: "research", Map: &Map{
				Over: "plan.questions", MaxItems: maxQuestions, MaxConcurrency: 4,
				Task: work(Research, 20*Minute, map[string]Ref{"topic": "input.topic", "question": "item"}),
				Next: "analyze",
			}},
			{Name: "analyze", Agent: &Run{
				Task: work(Analyst, 20*Minute, map[string]Ref{"topic": "input.topic", "plan": "plan", "research": "research"}),
				Next: "approval_wanted",
			}},
			{Name: "approval_wanted", Choice: &Choice{
				Rules:   []Rule{{If: "input.approval", Is: true, Next: "approve"}},
				Default: "write",
			}},
			{Name: "approve", Approval: &Approval{
				Prompt:   "The analysis is done. Shall the report be written?",
				Input:    map[string]Ref{"topic": "input.topic", "analysis": "analyze"},
				Timeout:  3 * Day,
				Approved: "write", Rejected: "rejected", Expired: "expired",
			}},
			{Name: "write", Agent: &Run{
				Task: work(Execution, 20*Minute, map[string]Ref{"topic": "input.topic", "analysis": "analyze", "research": "research"}),
				Next: "done",
			}},
			{Name: "done", Succeed: &Succeed{Output: "write"}},
			{Name: "rejected", Fail: &Fail{Error: "Approval.Rejected", Cause: "the report was not approved"}},
			{Name: "expired", Fail: &Fail{Error: "Approval.Expired", Cause: "nobody decided within the time limit"}},
		},
	}
}
