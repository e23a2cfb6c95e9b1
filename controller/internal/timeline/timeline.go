package timeline

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

// Timeline shows one workflow. Its methods are called one at a time.
type Timeline struct {
	out      io.Writer
	terminal bool
	flow     flow.Workflow

	began map[string]time.Time
	ended map[string]time.Time
	tasks map[string]flow.TaskState // as last shown, by step and index
	step  string
	lines int // that are on the terminal and can be overwritten
}

// New returns a Timeline that writes to out, which may be a terminal.
func New(out io.Writer, terminal bool, w flow.Workflow) *Timeline {
	return &Timeline{
		out: out, terminal: terminal, flow: w,
		began: map[string]time.Time{}, ended: map[string]time.Time{}, tasks: map[string]flow.TaskState{},
	}
}

// Show shows a state and the event that led to it.
func (t *Timeline) Show(e flow.Event, s flow.State) error {
	if s.Step != t.step {
		if t.step != "" {
			t.ended[t.step] = e.At
		}
		t.began[s.Step] = e.At
	}
	var err error
	if t.terminal {
		err = t.redraw(s, e.At)
	} else {
		err = t.report(e, s)
	}
	t.step = s.Step
	for i, state := range s.Tasks {
		t.tasks[fmt.Sprint(s.Step, i)] = state
	}
	return err
}

// Break leaves what is shown where it is, so that something else can be written.
func (t *Timeline) Break() { t.lines = 0 }

func (t *Timeline) redraw(s flow.State, now time.Time) error {
	var b strings.Builder
	if t.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", t.lines)
	}
	t.lines = 0
	for _, step := range t.flow.Steps {
		kind := kindOf(step)
		_, reached := t.began[step.Name]
		if _, earlier := s.Results[step.Name]; earlier {
			reached = true // before an interruption, when nobody took its time
		}
		current := step.Name == s.Step
		if kind == "" || !reached && step.Fail != nil {
			continue
		}
		mark, detail := "·", ""
		switch {
		case current && s.Done() && s.Status != flow.Succeeded:
			mark, detail = "✗", s.Error
		case current && !s.Done():
			mark, detail = "▸", progress(step, s)
		case reached:
			mark = "✓"
			detail = outcome(step, s) + t.took(step.Name, now)
		}
		fmt.Fprintf(&b, "\x1b[2K %s %-10s %-12s %s\n", mark, step.Name, kind, detail)
		t.lines++
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

// kindOf is who does a step; empty for one that takes no time.
func kindOf(s flow.Step) string {
	switch {
	case s.Agent != nil:
		return string(s.Agent.Agent)
	case s.Map != nil:
		return string(s.Map.Task.Agent)
	case s.Approval != nil:
		return "approval"
	case s.Wait != nil:
		return "wait"
	case s.Fail != nil:
		return "end"
	}
	return ""
}

func progress(step flow.Step, s flow.State) string {
	if step.Approval != nil {
		return "waits for a decision"
	}
	counts := map[flow.Phase]int{}
	attempts := 0
	for _, t := range s.Tasks {
		counts[t.Phase]++
		attempts += t.Attempt
	}
	text := fmt.Sprintf("%d of %d done, %d at work", counts[flow.TaskDone], len(s.Tasks), counts[flow.TaskRunning])
	if counts[flow.TaskBackoff] > 0 {
		text += fmt.Sprintf(", %d wait to be tried again", counts[flow.TaskBackoff])
	}
	if attempts > 0 {
		text += fmt.Sprintf(", tried again %d times", attempts)
	}
	return text
}

func outcome(step flow.Step, s flow.State) string {
	if d, decided := s.Decision(step.Name); decided {
		return string(d.Decision) + " by " + d.By + ", "
	}
	if result, found := s.Results[step.Name]; found && step.Map != nil {
		return fmt.Sprintf("%d done, ", len(result.List))
	}
	return ""
}

func (t *Timeline) took(step string, now time.Time) string {
	began, known := t.began[step]
	if !known {
		return "before the interruption"
	}
	ended, known := t.ended[step]
	if !known {
		ended = now
	}
	return ended.Sub(began).Round(time.Millisecond).String()
}

// report writes a line for everything that has changed.
func (t *Timeline) report(e flow.Event, s flow.State) error {
	var lines []string
	switch e.Kind {
	case flow.Started:
		lines = append(lines, "started")
	case flow.Resumed:
		lines = append(lines, "goes on after an interruption, at "+s.Step)
	case flow.TaskSucceeded:
		lines = append(lines, fmt.Sprintf("%s %d done", e.Step, e.Index))
	case flow.TaskFailed:
		lines = append(lines, fmt.Sprintf("%s %d attempt %d failed: %s: %s", e.Step, e.Index, e.Attempt, e.Error, e.Cause))
	case flow.ApprovalDecided:
		lines = append(lines, fmt.Sprintf("%s: %s by %s", e.Step, e.Outcome, e.By))
	}
	for i, now := range s.Tasks {
		before, known := t.tasks[fmt.Sprint(s.Step, i)]
		started := now.Phase == flow.TaskRunning && (!known || before.Phase != now.Phase || before.Attempt != now.Attempt)
		if started {
			lines = append(lines, fmt.Sprintf("%s %d at work, attempt %d", s.Step, i, now.Attempt))
		}
	}
	if s.Step != t.step && !s.Done() && len(s.Tasks) == 0 {
		lines = append(lines, s.Step+" waits")
	}
	if s.Done() {
		lines = append(lines, End(s))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(t.out, "%s  %s\n", e.At.Local().Format("15:04:05.000"), line); err != nil {
			return err
		}
	}
	return nil
}

// End says how a workflow ended.
func End(s flow.State) string {
	text := string(s.Status)
	if s.Error != "" {
		text += ": " + s.Error + ": " + s.Cause
	}
	return text
}

// Question is what an approval asks, with what there is to decide about left out.
func Question(w flow.Workflow, s flow.State) (step, prompt string, waits bool) {
	for _, candidate := range w.Steps {
		if candidate.Name == s.Step && candidate.Approval != nil && !s.Done() {
			if d, decided := s.Decision(s.Step); decided && d.Decision != task.OutcomeExpired {
				return "", "", false
			}
			return s.Step, candidate.Approval.Prompt, true
		}
	}
	return "", "", false
}
