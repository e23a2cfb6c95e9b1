package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

// DefaultFlow is the workflow that is started when none is named.
const DefaultFlow = "research-report"

// StartRequest says what to start.
type StartRequest struct {
	// Flow is the workflow's name. Default: DefaultFlow.
	Flow string `json:"flow"`
	// ID is the id of the new workflow. Whoever chooses it can ask again after a
	// lost answer. Default: a random one.
	ID    string          `json:"id"`
	Input json.RawMessage `json:"input"`
}

// Start records a workflow and starts it. started is false when the same was asked
// for before; the workflow may have ended by now.
func (s *Service) Start(ctx context.Context, r StartRequest) (w store.Workflow, started bool, err error) {
	if r.Flow == "" {
		r.Flow = DefaultFlow
	}
	if r.ID == "" {
		r.ID = strings.ToLower(rand.Text())
	}
	f, problem := s.flow(r.Flow)
	problems := []error{problem, checkID(r.ID)}
	var input json.RawMessage
	if problem == nil {
		if len(r.Input) == 0 {
			r.Input = json.RawMessage(`{}`)
		}
		var refused error
		if input, refused = f.PrepareInput(r.Input); refused == nil {
			input, refused = canonical(input)
		}
		problems = append(problems, refused)
	}
	if err := invalid(problems...); err != nil {
		return w, false, err
	}
	w, created, err := s.Store.PutWorkflow(ctx, store.Workflow{ID: r.ID, Flow: r.Flow, Input: input})
	if err != nil {
		return w, false, err
	}
	if w.Flow != r.Flow || !bytes.Equal(w.Input, input) {
		return w, false, refuse(http.StatusConflict, WorkflowExists, "there is a workflow %q already, with another flow or input", r.ID)
	}
	if w.Status != flow.Running {
		return w, false, nil
	}
	// Also when it was recorded before: the program may have died in between.
	err = s.Engine.Start(ctx, w.Flow, w.ID, w.Input)
	if errors.Is(err, port.ErrExists) {
		w, err = s.Settler.Reconcile(ctx, w)
		if err == nil && w.Status == flow.Running {
			return w, false, refuse(http.StatusConflict, WorkflowExists, "the engine has an execution %q already, with another input", r.ID)
		}
		return w, false, err
	}
	if err != nil {
		return w, false, err
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "workflow started", slog.String("workflow", w.ID), slog.String("flow", w.Flow), slog.Bool("again", !created))
	return w, created, s.stillWanted(ctx, w)
}

// stillWanted cancels what was cancelled between the record and the start.
func (s *Service) stillWanted(ctx context.Context, w store.Workflow) error {
	now, err := s.Store.Workflow(ctx, w.ID)
	if err != nil || now.Status == flow.Running {
		return err
	}
	return s.Engine.Cancel(ctx, w.Flow, w.ID, now.Cause)
}

func (s *Service) flow(name string) (flow.Workflow, error) {
	var known []string
	for _, f := range s.Flows {
		if f.Name == name {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return flow.Workflow{}, fmt.Errorf("flow: must be one of %s, got %q", strings.Join(known, ", "), short(name))
}

// canonical is an input as it is stored, and as the engine gets it: the same value
// has the same bytes, by which an execution is found again.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func canonical(input json.RawMessage) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(input))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("input: must be JSON: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func checkID(id string) error { return named("id", task.CheckWorkflowID(id)) }

func checkWorkflow(id string) error { return named("workflow", task.CheckWorkflowID(id)) }

// named gives an error the field's name in a request.
func named(field string, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*task.Error](err); ok {
		return fmt.Errorf("%s: %s", field, known.Message)
	}
	return fmt.Errorf("%s: %w", field, err)
}
