package flow_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
)

// step returns a step of the workflow, to be changed in place.
func step(w *flow.Workflow, name string) *flow.Step {
	for i := range w.Steps {
		if w.Steps[i].Name == name {
			return &w.Steps[i]
		}
	}
	panic("no step " + name)
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, w := range allFlows() {
		if err := w.Validate(); err != nil {
			t.Errorf("%s: %v", w.Name, err)
		}
		data, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var back flow.Workflow
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, back); diff != "" {
			t.Errorf("%s through JSON (-want +got):\n%s", w.Name, diff)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for name, tc := range map[string]struct {
		change func(*flow.Workflow)
		want   string // nothing when it is still valid
	}{
		// The workflow.
		"no name":          {func(w *flow.Workflow) { w.Name = "" }, "Name: must not be empty"},
		"a name with _":    {func(w *flow.Workflow) { w.Name = "a_b" }, `Name: must be lower-case letters, digits and -, got "a_b"`},
		"a long name":      {func(w *flow.Workflow) { w.Name = long }, "Name: must have at most 64 characters, got 65"},
		"the longest name": {func(w *flow.Workflow) { w.Name = long[1:] }, ""},
		"a template":       {func(w *flow.Workflow) { w.Comment = "costs ${x}" }, "Comment: must not contain ${ or %{, which Terraform would replace"},
		"a long comment":   {func(w *flow.Workflow) { w.Comment = strings.Repeat("x", 1025) }, "Comment: must have at most 1024 bytes, got 1025"},
		"negative timeout": {func(w *flow.Workflow) { w.Timeout = -1 }, "Timeout: must be from 0 to 31536000, got -1"},
		"no timeout":       {func(w *flow.Workflow) { w.Timeout = 0 }, ""},
		"a year":           {func(w *flow.Workflow) { w.Timeout = 365 * flow.Day }, ""},
		"more than a year": {func(w *flow.Workflow) { w.Timeout = 365*flow.Day + 1 }, "Timeout: must be from 0 to 31536000, got 31536001"},
		"no steps":         {func(w *flow.Workflow) { w.Steps = nil }, "Steps: must have at least one"},
		"an input's name":  {func(w *flow.Workflow) { w.Inputs = append(w.Inputs, flow.Input{Name: "A", Type: flow.String}) }, `Inputs[3].Name: must be a lower-case letter, then lower-case letters, digits and _, got "A"`},
		"an input twice":   {func(w *flow.Workflow) { w.Inputs = append(w.Inputs, flow.Input{Name: "mode", Type: flow.String}) }, `Inputs[3].Name: must not be given twice, got "mode"`},
		"an input's type":  {func(w *flow.Workflow) { w.Inputs = append(w.Inputs, flow.Input{Name: "a", Type: "date"}) }, `Inputs[3].Type: must be one of [string boolean integer array], got "date"`},
		"a number's limit": {func(w *flow.Workflow) { w.Inputs = append(w.Inputs, flow.Input{Name: "a", Type: flow.Integer}) }, "Inputs[3].Max: must be set for an integer"},
		"limits turned":    {func(w *flow.Workflow) { w.Inputs[0].Min = 4 }, "Inputs[0].Min: must be from 0 to Max, got 4 to 3"},
		"a wrong default":  {func(w *flow.Workflow) { w.Inputs[2].Default = json.RawMessage(`1`) }, "Inputs[2].Default: must be true or false"},
		"too many inputs":  {func(w *flow.Workflow) { w.Inputs = append(w.Inputs, make([]flow.Input, 30)...) }, "Inputs: must be at most 32, got 33\n..."},

		// A step.
		"no step name": {
			func(w *flow.Workflow) { w.Steps = append(w.Steps, flow.Step{Fail: &flow.Fail{Error: "E"}}) },
			"Steps[11].Name: must not be empty\n: must be reachable from the first step, how",
		},
		"a step name with -": {func(w *flow.Workflow) { rename(w, "finish", "fin-ish") }, `Steps[7].Name: must be a lower-case letter, then lower-case letters, digits and _, got "fin-ish"` + "\ndone_too.Output: must begin with input, item or a step that has a result, got \"finish\""},
		"a long step name":   {func(w *flow.Workflow) { rename(w, "pause", long) }, "Steps[1].Name: must have at most 64 characters, got 65"},
		"the longest":        {func(w *flow.Workflow) { rename(w, "pause", long[1:]) }, ""},
		"a reserved name":    {func(w *flow.Workflow) { rename(w, "pause", "workflow") }, "workflow: must not be one of the reserved names [input item workflow]"},
		"two of one name":    {func(w *flow.Workflow) { w.Steps = append(w.Steps, *step(w, "done")) }, "done: must be the name of one step, got steps 8 and 11"},
		"no kind":            {func(w *flow.Workflow) { step(w, "pause").Wait = nil }, "pause: must have exactly one of Agent, Map, Choice, Approval, Wait, Succeed and Fail, got 0"},
		"two kinds":          {func(w *flow.Workflow) { step(w, "pause").Succeed = &flow.Succeed{} }, "pause: must have exactly one of Agent, Map, Choice, Approval, Wait, Succeed and Fail, got 2"},
		"an unknown step":    {func(w *flow.Workflow) { step(w, "pause").Wait.Next = "nowhere" }, `pause.Next: must be a step, got "nowhere"`},
		"no next":            {func(w *flow.Workflow) { step(w, "sum_up").Agent.Next = "" }, `sum_up.Next: must be a step, got ""` + "\n..."},

		// A task.
		"an unknown agent":     {func(w *flow.Workflow) { step(w, "sum_up").Agent.Agent = "auditor" }, `sum_up.Agent: must be one of [coordinator research analyst execution], got "auditor"`},
		"no task timeout":      {func(w *flow.Workflow) { step(w, "finish").Agent.Timeout = 0 }, "finish.Timeout: must be from 1 to 31536000, got 0"},
		"the shortest":         {func(w *flow.Workflow) { step(w, "finish").Agent.Timeout = 1 }, ""},
		"heartbeat of timeout": {func(w *flow.Workflow) { step(w, "sum_up").Agent.Heartbeat = 120 }, "sum_up.Heartbeat: must be 0 or less than Timeout, got 120 of 120"},
		"heartbeat just less":  {func(w *flow.Workflow) { step(w, "sum_up").Agent.Heartbeat = 119 }, ""},
		"negative heartbeat":   {func(w *flow.Workflow) { step(w, "sum_up").Agent.Heartbeat = -1 }, "sum_up.Heartbeat: must be 0 or less than Timeout, got -1 of 120"},
		"inline limit":         {func(w *flow.Workflow) { step(w, "sum_up").Agent.InlineLimit = 8193 }, "sum_up.InlineLimit: must be from 1 to 8192, got 8193"},
		"an input's field":     {func(w *flow.Workflow) { step(w, "sum_up").Agent.Input["A"] = "each" }, `sum_up.Input.A: must be a lower-case letter, then lower-case letters, digits and _, got "A"`},
		"attempts":             {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxAttempts = 100000000 }, "sum_up.Retry.MaxAttempts: must be from 0 to 99999999, got 100000000"},
		"most attempts":        {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxAttempts = 99999999 }, ""},
		"no attempts":          {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxAttempts = 0 }, "sum_up.Retry.MaxAttempts: must be set with the other fields of Retry"},
		"no interval":          {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.Interval = 0 }, "sum_up.Retry.Interval: must be from 1 to 99999999, got 0"},
		"longest interval":     {func(w *flow.Workflow) { r := &step(w, "sum_up").Agent.Retry; r.Interval, r.MaxDelay = 99999999, 0 }, ""},
		"a longer interval":    {func(w *flow.Workflow) { r := &step(w, "sum_up").Agent.Retry; r.Interval, r.MaxDelay = 100000000, 0 }, "sum_up.Retry.Interval: must be from 1 to 99999999, got 100000000"},
		"backoff":              {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.BackoffRate = 0.99 }, "sum_up.Retry.BackoffRate: must be at least 1, got 0.99"},
		"no backoff":           {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.BackoffRate = 1 }, ""},
		"backoff is no number": {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.BackoffRate = math.NaN() }, "sum_up.Retry.BackoffRate: must be at least 1, got NaN"},
		"backoff is endless":   {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.BackoffRate = math.Inf(1) }, "sum_up.Retry.BackoffRate: must be at least 1, got +Inf"},
		"delay of interval":    {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxDelay = 10 }, "sum_up.Retry.MaxDelay: must be more than Interval and at most 31622399, got 10"},
		"delay just more":      {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxDelay = 11 }, ""},
		"longest delay":        {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxDelay = 31622399 }, ""},
		"a longer delay":       {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.MaxDelay = 31622400 }, "sum_up.Retry.MaxDelay: must be more than Interval and at most 31622399, got 31622400"},
		"never all":            {func(w *flow.Workflow) { step(w, "sum_up").Agent.Retry.Never = []string{"States.ALL", ""} }, `sum_up.Retry.Never[0]: must not begin with States., got "States.ALL"` + "\nsum_up.Retry.Never[1]: must not be empty"},
		"a task in a map":      {func(w *flow.Workflow) { t := &step(w, "each").Map.Task; t.Agent, t.Retry.Interval = "", 0 }, `each.Task.Agent: must be one of [coordinator research analyst execution], got ""` + "\neach.Task.Retry.Interval: must be from 1 to 99999999, got 0"},
		"many inputs of a task": {func(w *flow.Workflow) {
			for i := range 33 {
				step(w, "finish").Agent.Input[strings.Repeat("x", i+1)] = "input.mode"
			}
		}, "finish.Input: must be at most 32, got 33\n..."},

		// The other kinds.
		"no cap":             {func(w *flow.Workflow) { step(w, "each").Map.MaxConcurrency = 0 }, "each.MaxConcurrency: must be from 1 to 40, got 0"},
		"the highest cap":    {func(w *flow.Workflow) { step(w, "each").Map.MaxConcurrency = 40 }, ""},
		"a higher cap":       {func(w *flow.Workflow) { step(w, "each").Map.MaxConcurrency = 41 }, "each.MaxConcurrency: must be from 1 to 40, got 41"},
		"no items":           {func(w *flow.Workflow) { step(w, "each").Map.MaxItems = 0 }, "each.MaxItems: must be from 1 to 1000, got 0"},
		"too many items":     {func(w *flow.Workflow) { m := step(w, "each").Map; m.MaxItems, m.Task.InlineLimit = 1001, 1 }, "each.MaxItems: must be from 1 to 1000, got 1001"},
		"most items":         {func(w *flow.Workflow) { m := step(w, "each").Map; m.MaxItems, m.Task.InlineLimit = 1000, 20 }, ""},
		"no rules":           {func(w *flow.Workflow) { step(w, "decided").Choice.Rules = nil }, "decided.Rules: must have at least one"},
		"no default":         {func(w *flow.Workflow) { step(w, "decided").Choice.Default = "" }, `decided.Default: must be a step, got ""`},
		"a rule for numbers": {func(w *flow.Workflow) { step(w, "decided").Choice.Rules[0].Is = 3 }, "decided.Rules[0].Is: must be a string or a bool, got int"},
		"a rule to nowhere":  {func(w *flow.Workflow) { step(w, "decided").Choice.Rules[0].Next = "x" }, `decided.Rules[0].Next: must be a step, got "x"`},
		"a rule of a type":   {func(w *flow.Workflow) { step(w, "how").Choice.Rules[1].Is = true }, "how.Rules[1].Is: must be of the type of input.mode, a string, got true"},
		"a rule's template":  {func(w *flow.Workflow) { step(w, "decided").Choice.Rules[0].Is = "%{if}" }, "decided.Rules[0].Is: must not contain ${ or %{, which Terraform would replace"},
		"no prompt":          {func(w *flow.Workflow) { step(w, "approve").Approval.Prompt = " " }, "approve.Prompt: must be set"},
		"approval for ever":  {func(w *flow.Workflow) { step(w, "approve").Approval.Timeout = 0 }, "approve.Timeout: must be from 1 to 31536000, got 0"},
		"an outcome": {
			func(w *flow.Workflow) { a := step(w, "approve").Approval; a.Rejected, a.Expired = "", "" },
			"approve.Rejected: must be a step, got \"\"\napprove.Expired: must be a step, got \"\"",
		},
		"no wait":       {func(w *flow.Workflow) { step(w, "pause").Wait.Seconds = 0 }, "pause.Seconds: must be from 1 to 31536000, got 0"},
		"no error":      {func(w *flow.Workflow) { step(w, "refused").Fail.Error = "" }, "refused.Error: must not be empty"},
		"another cause": {func(w *flow.Workflow) { step(w, "refused").Fail.Cause = "%{" }, "refused.Cause: must not contain ${ or %{, which Terraform would replace"},

		// What steps refer to.
		"a map over nothing":     {func(w *flow.Workflow) { step(w, "each").Map.Over = "plan.questions" }, `each.Over: must begin with input, item or a step that has a result, got "plan.questions"`},
		"a map over the future":  {func(w *flow.Workflow) { step(w, "each").Map.Over = "sum_up.list" }, `each.Over: must be the result of a step that has run on every way to each, got "sum_up.list"`},
		"a map over itself":      {func(w *flow.Workflow) { step(w, "each").Map.Over = "item.list" }, `each.Over: must not be item outside the task of a map, got "item.list"`},
		"a map over a map":       {func(w *flow.Workflow) { step(w, "each").Map.Over = "each" }, `each.Over: must be a list: a field of an agent's result, or an input, got "each"` + "\n..."},
		"a map over text":        {func(w *flow.Workflow) { step(w, "each").Map.Over = "input.mode" }, `each.Over: must be a list: a field of an agent's result, or an input, got the string "input.mode"`},
		"an unknown input":       {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "input.nothing" }, `finish.Input.a: must name one of the inputs, got "input.nothing"`},
		"all of the input":       {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "input" }, `finish.Input.a: must name one of the inputs, got "input"`},
		"an item":                {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "item" }, `finish.Input.a: must not be item outside the task of a map, got "item"`},
		"a choice":               {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "how" }, `finish.Input.a: must begin with input, item or a step that has a result, got "how"`},
		"a path":                 {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "sum_up.$x" }, `finish.Input.a: must be input, item or a step, then fields, with dots between, got "sum_up.$x"`},
		"a dot":                  {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "sum_up." }, `finish.Input.a: must be input, item or a step, then fields, with dots between, got "sum_up."`},
		"a field of a map":       {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "each.list" }, `finish.Input.a: must not name a field of the results of the map each, got "each.list"`},
		"a field of an approval": {func(w *flow.Workflow) { step(w, "decided").Choice.Rules[0].If = "approve.token" }, `decided.Rules[0].If: must name decision, by, comment or at of the approval approve, got "approve.token"`},
		"a choice by a body":     {func(w *flow.Workflow) { step(w, "sure").Choice.Rules[0].If = "sum_up" }, `sure.Rules[0].If: must name a field of the result, got "sum_up"`},
		"not on every way":       {func(w *flow.Workflow) { step(w, "finish").Agent.Input["a"] = "approve.comment" }, `finish.Input.a: must be the result of a step that has run on every way to finish, got "approve.comment"`},
		"an output not there":    {func(w *flow.Workflow) { step(w, "done").Succeed.Output = "approve" }, `done.Output: must be the result of a step that has run on every way to done, got "approve"`},

		// The graph.
		"unreachable": {
			func(w *flow.Workflow) { w.Steps = append(w.Steps, flow.Step{Name: "lost", Succeed: &flow.Succeed{}}) },
			"lost: must be reachable from the first step, how",
		},
		"no way out": {
			func(w *flow.Workflow) {
				step(w, "done").Succeed = nil
				step(w, "done").Fail = &flow.Fail{Error: "E"}
				step(w, "done_too").Succeed = nil
				step(w, "done_too").Fail = &flow.Fail{Error: "E"}
			},
			"Steps: must have a Succeed that is reachable from the first step, how",
		},
		"a cycle": {
			func(w *flow.Workflow) { step(w, "approve").Approval.Rejected = "sum_up" },
			"Steps: must have no cycle, got sum_up → sure → approve → sum_up",
		},
		"a cycle with a wait": {
			func(w *flow.Workflow) { step(w, "pause").Wait.Next = "how" },
			"Steps: must have no cycle, got how → pause → how",
		},
		"a step before itself": {func(w *flow.Workflow) { step(w, "pause").Wait.Next = "pause" }, "Steps: must have no cycle, got pause → pause"},

		// Sizes.
		"results that are too long": {
			func(w *flow.Workflow) { m := step(w, "each").Map; m.MaxItems, m.Task.InlineLimit = 30, 0 },
			"sum_up.Input: must be at most 225280 bytes if all results are as long as they may be, got 249728\n" +
				"Steps: must have results of at most 225280 bytes if all are as long as they may be, got 290944: lower MaxItems or InlineLimit",
		},
		"inputs that are too long": {
			func(w *flow.Workflow) {
				m := step(w, "each").Map
				m.MaxItems, m.Task.InlineLimit = 15, 0
				step(w, "finish").Agent.Input = map[string]flow.Ref{"a": "each", "b": "each"}
			},
			"finish.Input: must be at most 225280 bytes if all results are as long as they may be, got 249856",
		},
		"a definition that is too long": {
			func(w *flow.Workflow) {
				c := step(w, "how").Choice
				for range 1000 {
					c.Rules = append(c.Rules, flow.Rule{If: "input.mode", Is: strings.Repeat("y", 1000), Next: "pause"})
				}
			},
			"Steps: must have a definition of at most 1048576 bytes, got 1295419",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := everything()
			tc.change(&w)
			err := w.Validate()
			got := ""
			if err != nil {
				got = err.Error()
			}
			if want, more := strings.CutSuffix(tc.want, "..."); more && strings.HasPrefix(got, want) {
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, ok := errors.AsType[*flow.Problem](err); ok != (tc.want != "") {
				t.Errorf("no Problem in %v", err)
			}
			for range 5 {
				if again := w.Validate(); err != nil && again.Error() != got {
					t.Fatalf("another order: %v", again)
				}
			}
		})
	}
}

// rename changes a step's name where it is defined and where others go to it.
func rename(w *flow.Workflow, from, to string) {
	change := func(s *string) {
		if *s == from {
			*s = to
		}
	}
	for i := range w.Steps {
		s := &w.Steps[i]
		change(&s.Name)
		switch {
		case s.Agent != nil:
			change(&s.Agent.Next)
		case s.Map != nil:
			change(&s.Map.Next)
		case s.Wait != nil:
			change(&s.Wait.Next)
		case s.Choice != nil:
			change(&s.Choice.Default)
			for j := range s.Choice.Rules {
				change(&s.Choice.Rules[j].Next)
			}
		case s.Approval != nil:
			change(&s.Approval.Approved)
			change(&s.Approval.Rejected)
			change(&s.Approval.Expired)
		}
	}
}

// All mistakes of a workflow are told at once.
func TestValidateTellsEverything(t *testing.T) {
	t.Parallel()
	w := flow.Workflow{
		Name: "Bad", Timeout: -1, Inputs: []flow.Input{{Name: "A", Type: "x"}},
		Steps: []flow.Step{
			{Name: "plan", Agent: &flow.Run{Task: flow.Task{Agent: "nobody", Input: map[string]flow.Ref{"b": "input.b", "a": "later.x"}}, Next: "each"}},
			{Name: "each", Map: &flow.Map{Over: "input.a", Task: flow.Task{Agent: flow.Research, Timeout: 1}, Next: "gone"}},
			{Name: "each", Fail: &flow.Fail{Cause: "${x}"}},
		},
	}
	want := strings.Join([]string{
		`Name: must be lower-case letters, digits and -, got "Bad"`,
		`Inputs[0].Name: must be a lower-case letter, then lower-case letters, digits and _, got "A"`,
		`Inputs[0].Type: must be one of [string boolean integer array], got "x"`,
		`Timeout: must be from 0 to 31536000, got -1`,
		`plan.Agent: must be one of [coordinator research analyst execution], got "nobody"`,
		`plan.Timeout: must be from 1 to 31536000, got 0`,
		`plan.Input.a: must begin with input, item or a step that has a result, got "later.x"`,
		`plan.Input.b: must name one of the inputs, got "input.b"`,
		`each.MaxItems: must be from 1 to 1000, got 0`,
		`each.MaxConcurrency: must be from 1 to 40, got 0`,
		`each.Next: must be a step, got "gone"`,
		`each.Over: must name one of the inputs, got "input.a"`,
		`each: must be the name of one step, got steps 1 and 2`,
		`each.Error: must not be empty`,
		`each.Cause: must not contain ${ or %{, which Terraform would replace`,
		`Steps: must have a Succeed that is reachable from the first step, plan`,
	}, "\n")
	if diff := cmp.Diff(want, w.Validate().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
