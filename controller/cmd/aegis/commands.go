package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

const timeFormat = "2006-01-02 15:04:05"

// input is what a workflow is started with.
type input struct {
	topic      string
	questions  int
	noApproval bool
}

func (i *input) flags(c *cobra.Command) {
	c.Flags().StringVar(&i.topic, "topic", "How do durable workflows survive a crash?", "what the report is about")
	c.Flags().IntVar(&i.questions, "questions", 5, "how many questions are researched")
	c.Flags().BoolVar(&i.noApproval, "no-approval", false, "write the report without asking")
}

func (i *input) fields() map[string]any {
	return map[string]any{"topic": i.topic, "questions": i.questions, "approval": !i.noApproval}
}

func (s *settings) start() *cobra.Command {
	var in input
	var id string
	c := &cobra.Command{Use: "start", Short: "Start a workflow", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		var a struct{ Workflow store.Workflow }
		err := s.ask(c.Context(), map[string]any{"action": "start", "id": id, "input": in.fields()}, true, &a)
		if err != nil || s.json {
			return err
		}
		return s.print("%s\n", a.Workflow.ID)
	}}
	in.flags(c)
	c.Flags().StringVar(&id, "id", "", "the workflow's id (default a random one)")
	return c
}

// statuses are what list shows by default, and in which order it asks.
var statuses = []flow.Status{flow.Running, flow.Succeeded, flow.Failed, flow.TimedOut, flow.Cancelled}

func (s *settings) list() *cobra.Command {
	var status string
	var limit int
	c := &cobra.Command{Use: "list", Short: "List workflows, the newest first", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		asked := statuses
		if status != "" {
			asked = []flow.Status{flow.Status(status)}
		}
		var found []control.Summary
		for _, each := range asked { // the index is by status
			var a struct{ Workflows []control.Summary }
			if err := s.ask(c.Context(), map[string]any{"action": "list", "status": each, "limit": limit}, false, &a); err != nil {
				return err
			}
			found = append(found, a.Workflows...)
		}
		slices.SortStableFunc(found, func(a, b control.Summary) int { return b.Created.Compare(a.Created) })
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		for _, each := range found[:min(limit, len(found))] {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", each.ID, each.Status, each.Created.Local().Format(timeFormat), each.Flow, each.Error)
		}
		return w.Flush()
	}}
	c.Flags().StringVar(&status, "status", "", "running, succeeded, failed, timed_out or cancelled (default all, with --json an answer for each)")
	c.Flags().IntVar(&limit, "limit", 20, "how many at most")
	return c
}

func (s *settings) view(ctx context.Context, id string) (v control.View, err error) {
	return v, s.ask(ctx, map[string]any{"action": "get", "workflow": id}, false, &v)
}

func (s *settings) get() *cobra.Command {
	return &cobra.Command{Use: "get ID", Short: "Show a workflow and its tasks", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		v, err := s.view(c.Context(), args[0])
		if err != nil || s.json {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintf(w, "workflow\t%s\nstatus\t%s\nstarted\t%s\n", v.Workflow.ID, v.Workflow.Status, v.Workflow.Created.Local().Format(timeFormat))
		if v.Workflow.Ended != nil {
			fmt.Fprintf(w, "ended\t%s\n", v.Workflow.Ended.Local().Format(timeFormat))
		}
		if v.Workflow.Error != "" {
			fmt.Fprintf(w, "error\t%s: %s\n", v.Workflow.Error, v.Workflow.Cause)
		}
		for _, t := range v.Tasks {
			text := string(t.Status)
			if t.Answer != nil && t.Answer.Error != "" {
				text += ", " + t.Answer.Error + ": " + t.Answer.Cause
			}
			fmt.Fprintf(w, "%s %d\tattempt %d, %s: %s\n", t.Step, t.Index, t.Attempt, t.Agent, text)
		}
		for _, a := range v.Approvals {
			text := "open until " + a.Expires.Local().Format(timeFormat)
			if a.Decision != nil {
				text = string(a.Decision.Decision) + " by " + a.Decision.By
			}
			fmt.Fprintf(w, "%s\tapproval: %s\n", a.Step, text)
		}
		return w.Flush()
	}}
}

func (s *settings) why() *cobra.Command {
	return &cobra.Command{Use: "why ID", Short: "Say what a workflow waits for", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		v, err := s.view(c.Context(), args[0])
		if err != nil || s.json {
			return err
		}
		if v.Workflow.Status != flow.Running {
			return s.print("it waits for nothing: it has %s\n", v.Workflow.Status)
		}
		for _, w := range v.Waiting {
			text := string(w.Kind)
			if w.Step != "" {
				text += fmt.Sprintf(" %s %d", w.Step, w.Index)
			}
			if w.Until != nil {
				text += ", until " + w.Until.Local().Format(timeFormat)
			}
			if err := s.print("%s, since %s: %s\n", text, w.Since.Local().Format(timeFormat), w.Text); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (s *settings) decide(action, short string) *cobra.Command {
	var step, by, comment string
	c := &cobra.Command{Use: action + " ID", Short: short, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		var a struct{ Decision task.Decision }
		request := map[string]any{"action": action, "workflow": args[0], "step": step, "by": by, "comment": comment}
		if err := s.ask(c.Context(), request, true, &a); err != nil || s.json {
			return err
		}
		return s.print("%s by %s\n", a.Decision.Decision, a.Decision.By)
	}}
	c.Flags().StringVar(&step, "step", "approve", "the step that waits")
	c.Flags().StringVar(&by, "by", me(), "who decides")
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}

// me is who sits at this machine.
func me() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "somebody"
}

func (s *settings) cancel() *cobra.Command {
	var comment string
	c := &cobra.Command{Use: "cancel ID", Short: "Cancel a workflow", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		var a struct{ Workflow store.Workflow }
		request := map[string]any{"action": "cancel", "workflow": args[0], "by": me(), "comment": comment}
		if err := s.ask(c.Context(), request, true, &a); err != nil || s.json {
			return err
		}
		return s.print("%s\n", a.Workflow.Status)
	}}
	c.Flags().StringVar(&comment, "comment", "", "why")
	return c
}

func (s *settings) history() *cobra.Command {
	return &cobra.Command{Use: "history ID", Short: "Show all that happened to a workflow", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		var a historyAnswer
		if err := s.ask(c.Context(), map[string]any{"action": "history", "workflow": args[0]}, false, &a); err != nil || s.json {
			return err
		}
		for _, e := range a.Events {
			text := string(e.Kind)
			switch {
			case e.Outcome != "":
				text += fmt.Sprintf(" %s %s by %s", e.Step, e.Outcome, e.By)
			case e.Step != "":
				text += fmt.Sprintf(" %s %d attempt %d", e.Step, e.Index, e.Attempt)
			}
			if e.Error != "" {
				text += ": " + e.Error + ": " + e.Cause
			}
			if err := s.print("%s  %s\n", e.At.Local().Format(time.StampMilli), text); err != nil {
				return err
			}
		}
		return nil
	}}
}

// historyAnswer is what the engine of one machine knows; on AWS the console shows it.
type historyAnswer struct {
	api.Answer

	Events []flow.Event `json:"events"`
}

func (h *host) historyAction() api.Action {
	return api.Action{Name: "history", Run: func(ctx context.Context, fields api.Fields) (api.Answerer, error) {
		var r struct {
			Workflow string `json:"workflow"`
		}
		if err := fields.Decode(&r); err != nil {
			return nil, err
		}
		events, _, err := h.node.Engine.History(ctx, r.Workflow)
		if errors.Is(err, port.ErrNotFound) {
			a := api.Failure(404, control.UnknownWorkflow, fmt.Sprintf("there is no workflow %q", r.Workflow))
			return &a, nil
		}
		if err != nil {
			return nil, err
		}
		return &historyAnswer{api.Success(), events}, nil
	}}
}

func (s *settings) print(format string, args ...any) error {
	_, err := fmt.Fprintf(s.out, format, args...)
	return err
}

// report returns the files that a workflow's output names.
func report(output json.RawMessage) (keys []string) {
	var body task.Body
	var out struct {
		Artifacts []struct {
			Key string `json:"key"`
		} `json:"artifacts"`
	}
	if json.Unmarshal(output, &body) != nil || json.Unmarshal(body.Inline, &out) != nil {
		return nil
	}
	for _, a := range out.Artifacts {
		keys = append(keys, a.Key)
	}
	return keys
}
