package local

import (
	"context"
	"fmt"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

// History returns an execution's events as they are recorded, and the state
// they lead to. It works without Launch too. port.ErrNotFound.
func (e *Engine) History(ctx context.Context, id string) ([]flow.Event, flow.State, error) {
	if err := ctx.Err(); err != nil {
		return nil, flow.State{}, err
	}
	w, found, err := e.stored(id, false)
	if err != nil {
		return nil, flow.State{}, err
	}
	if !found {
		return nil, flow.State{}, fmt.Errorf("execution %s: %w", id, port.ErrNotFound)
	}
	begin, err := beginningOf(w)
	if err != nil {
		return nil, flow.State{}, err
	}
	machine, state, _, err := begin.start(id)
	if err != nil {
		return nil, flow.State{}, err
	}
	steps, err := dbos.GetWorkflowSteps(e.dbos, id, dbos.WithStepsLoadOutput(true))
	if err != nil {
		return nil, flow.State{}, err
	}
	events := []flow.Event{{Kind: flow.Started, At: begin.At, Workflow: id, Input: begin.Input}}
	for _, s := range steps {
		var recorded []flow.Event
		if err := decode(s.Output, &recorded); err != nil {
			return nil, flow.State{}, fmt.Errorf("execution %s: step %d, %s: %w", id, s.StepID, s.StepName, err)
		}
		for _, event := range recorded {
			// A refused event was refused then too, and has changed nothing.
			if next, _, err := machine.Step(state, event); err == nil {
				state = next
			}
		}
		events = append(events, recorded...)
	}
	return events, state, nil
}
