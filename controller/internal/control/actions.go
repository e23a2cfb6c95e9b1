package control

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/store"
	"github.com/aegis-agents/aegis/controller/task"
)

type (
	workflowAnswer struct {
		api.Answer

		Workflow *store.Workflow `json:"workflow,omitempty"`
	}
	viewAnswer struct {
		api.Answer
		*View
	}
	listAnswer struct {
		api.Answer

		Workflows []Summary `json:"workflows"`
		Next      string    `json:"next,omitempty"` // the cursor of the next page
	}
	decisionAnswer struct {
		api.Answer

		// Decision is the one that counts, also when another was asked for.
		Decision *task.Decision `json:"decision,omitempty"`
	}
)

// Actions returns the actions start, get, list, approve, reject and cancel.
func (s *Service) Actions() []api.Action {
	return []api.Action{
		{Name: "start", Run: s.start},
		{Name: "get", Run: s.get},
		{Name: "list", Run: s.list},
		{Name: "approve", Run: s.decide(task.OutcomeApproved)},
		{Name: "reject", Run: s.decide(task.OutcomeRejected)},
		{Name: "cancel", Run: s.cancel},
	}
}

func (s *Service) start(ctx context.Context, fields api.Fields) (api.Answerer, error) {
	var r StartRequest
	if err := fields.Decode(&r); err != nil {
		return nil, err
	}
	w, started, err := s.Start(ctx, r)
	if err != nil {
		return s.failed(ctx, err), nil
	}
	a := &workflowAnswer{api.Success(), &w}
	if started {
		a.Status = http.StatusCreated
	}
	return a, nil
}

func (s *Service) get(ctx context.Context, fields api.Fields) (api.Answerer, error) {
	var r struct {
		Workflow string `json:"workflow"`
	}
	if err := fields.Decode(&r); err != nil {
		return nil, err
	}
	v, err := s.Get(ctx, r.Workflow)
	if err != nil {
		return s.failed(ctx, err), nil
	}
	return &viewAnswer{api.Success(), &v}, nil
}

func (s *Service) list(ctx context.Context, fields api.Fields) (api.Answerer, error) {
	var r ListRequest
	if err := fields.Decode(&r); err != nil {
		return nil, err
	}
	workflows, next, err := s.List(ctx, r)
	if err != nil {
		return s.failed(ctx, err), nil
	}
	return &listAnswer{api.Success(), workflows, next}, nil
}

func (s *Service) decide(outcome task.Outcome) func(context.Context, api.Fields) (api.Answerer, error) {
	return func(ctx context.Context, fields api.Fields) (api.Answerer, error) {
		var r struct {
			Workflow string `json:"workflow"`
			Step     string `json:"step"`
			By       string `json:"by"`
			Comment  string `json:"comment"`
		}
		if err := fields.Decode(&r); err != nil {
			return nil, err
		}
		d, err := s.Decide(ctx, r.Workflow, r.Step, outcome, r.By, r.Comment)
		if err != nil {
			return s.failed(ctx, err), nil
		}
		return &decisionAnswer{api.Success(), &d}, nil
	}
}

func (s *Service) cancel(ctx context.Context, fields api.Fields) (api.Answerer, error) {
	var r struct {
		Workflow string `json:"workflow"`
		By       string `json:"by"`
		Comment  string `json:"comment"`
	}
	if err := fields.Decode(&r); err != nil {
		return nil, err
	}
	w, err := s.Cancel(ctx, r.Workflow, r.By, r.Comment)
	if err != nil {
		return s.failed(ctx, err), nil
	}
	a := &workflowAnswer{api.Success(), &w}
	if w.Status == flow.Running {
		a.Status = http.StatusAccepted
	}
	return a, nil
}

// failed is the answer to a request that was refused, or that could not be carried
// out. What a service said is for the log: it names roles and accounts.
func (s *Service) failed(ctx context.Context, err error) api.Answerer {
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		s.Log.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("error", string(awserr.KindOf(err))), slog.String("cause", err.Error()))
		a := api.Failure(http.StatusServiceUnavailable, Unavailable, "a service that this needs did not do its part ("+
			string(awserr.KindOf(err))+"): ask again, and see the function's log if it lasts")
		return &a
	}
	return &decisionAnswer{api.Failure(refused.Status, refused.Code, refused.Message), refused.Decision}
}
