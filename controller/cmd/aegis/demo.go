package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/control"
	"github.com/aegis-agents/aegis/controller/internal/timeline"
	"github.com/aegis-agents/aegis/controller/task"
)

func (s *settings) serve() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Run all workflows, until interrupted", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		h, err := s.open(c.Context(), idle{}, nil)
		if err != nil {
			return err
		}
		err = h.run(c.Context(), func() error {
			return s.print("listening at http://%s, with %s\nthe model is %s\n", h.listener.Addr(), h.dir.Path(), h.model)
		})
		return errors.Join(err, h.close())
	}}
}

func (s *settings) demo() *cobra.Command {
	d := &demo{settings: s, seen: make(chan change, 1000)}
	c := &cobra.Command{
		Use: "demo", Short: "Run one workflow from the topic to the report", Args: cobra.NoArgs,
		Long: "Run the default workflow with four agents as processes of their own.\nAn unfinished one in the data directory goes on instead of another being started.",
		RunE: func(c *cobra.Command, _ []string) error { return d.run(c.Context()) },
	}
	d.input.flags(c)
	c.Flags().BoolVarP(&d.yes, "yes", "y", false, "approve without asking")
	return c
}

// change is an event and what it led to.
type change struct {
	event flow.Event
	state flow.State
}

// demo is one run of the command.
type demo struct {
	*settings

	input input
	yes   bool
	host  *host
	mu    sync.Mutex
	id    string // whose changes are shown
	early map[string][]change
	seen  chan change
}

func (d *demo) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var err error
	if d.host, err = d.open(ctx, idle{}, d.observe); err != nil {
		return err
	}
	var ended error
	err = d.host.run(ctx, func() error {
		ended = d.follow(ctx)
		stop()
		return nil
	})
	return errors.Join(ended, err, d.host.close())
}

// observe passes on what happens to the workflow that is shown. Before that one
// is known, it keeps what happens to all.
func (d *demo) observe(id string, e flow.Event, s flow.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.id == "" {
		if d.early == nil {
			d.early = map[string][]change{}
		}
		d.early[id] = append(d.early[id], change{e, s})
		return
	}
	if id == d.id {
		d.seen <- change{e, s}
	}
}

func (d *demo) watch(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.id = id
	for _, c := range d.early[id] {
		d.seen <- c
	}
	d.early = nil
}

// begin goes on with an unfinished workflow, or starts one.
func (d *demo) begin(ctx context.Context) (id string, again bool, err error) {
	service := d.host.node.Control
	unfinished, _, err := service.List(ctx, control.ListRequest{Status: flow.Running, Limit: 1})
	if err != nil {
		return "", false, err
	}
	if len(unfinished) > 0 {
		// The engine may have ended it just before the kill.
		v, err := service.Get(ctx, unfinished[0].ID)
		if err != nil || v.Workflow.Status == flow.Running {
			return unfinished[0].ID, true, err
		}
	}
	fields, err := json.Marshal(d.input.fields())
	if err != nil {
		return "", false, err
	}
	w, _, err := service.Start(ctx, control.StartRequest{Input: fields})
	return w.ID, false, err
}

func (d *demo) follow(ctx context.Context) error {
	id, again, err := d.begin(ctx)
	if err != nil {
		return err
	}
	verb := "started"
	if again {
		verb = "goes on"
	}
	if err := d.print("workflow %s %s\nthe model is %s\n\n", id, verb, d.host.model); err != nil {
		return err
	}
	d.watch(id)
	w := flow.ResearchReport()
	line := timeline.New(d.out, d.terminal(d.out), w)
	if again {
		if err := d.record(ctx, id); err != nil {
			return err
		}
	}
	// Somebody else may decide, or time, while the person is asked.
	var answers <-chan task.Outcome
	var asked, prompt string
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case outcome, open := <-answers:
			if !open || outcome != "" {
				answers = nil
			}
			if err := d.answered(ctx, id, asked, prompt, outcome, open); err != nil {
				return err
			}
		case c := <-d.seen:
			if err := line.Show(c.event, c.state); err != nil {
				return err
			}
			if c.state.Done() {
				return d.finish(ctx, id, c.state)
			}
			step, question, waits := timeline.Question(w, c.state)
			if !waits || asked != "" {
				continue
			}
			asked, prompt = step, question
			line.Break()
			if answers, err = d.ask(ctx, id, step, prompt); err != nil {
				return err
			}
		}
	}
}

// record asks for the start again: the process may have been killed between the
// record and the engine's start, which the checker would find after minutes.
func (d *demo) record(ctx context.Context, id string) error {
	stored, err := d.host.node.Store.Workflow(ctx, id)
	if err != nil {
		return err
	}
	_, _, err = d.host.node.Control.Start(ctx, control.StartRequest{Flow: stored.Flow, ID: id, Input: stored.Input})
	return err
}

// finish waits until the end is recorded, so that the next command sees it, and
// says where the report is.
func (d *demo) finish(ctx context.Context, id string, s flow.State) error {
	for {
		v, err := d.host.node.Control.Get(ctx, id)
		if err != nil {
			return err
		}
		if v.Workflow.Status != flow.Running {
			break
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	if s.Status != flow.Succeeded {
		return errors.New("the workflow " + timeline.End(s))
	}
	if err := d.print("\n"); err != nil {
		return err
	}
	for _, key := range report(s.Output) {
		if err := d.print("report  %s\n", d.host.dir.File(filesName+"/"+key)); err != nil {
			return err
		}
	}
	return nil
}

// pause is between two looks at what is about to be there.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}
