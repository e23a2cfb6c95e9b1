package store

import (
	"time"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// Neither ids nor steps have a # in them, so that no two records share a key.
const (
	workflowPrefix = "W#"
	taskPrefix     = "T#"
	approvalPrefix = "A#"
	openApprovals  = "A#open"
)

// maxLife is the longest that an execution lasts. Records of a workflow that runs are
// kept for that and the time after, so that one nobody ends goes away too.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxLife = task.MaxSeconds * time.Second

// isWorkflow is whether a text can be a workflow's id: of anything else there is no record.
func isWorkflow(id string) bool { return task.CheckWorkflowID(id) == nil }

func isApproval(workflow, step string) bool {
	return isWorkflow(workflow) && task.CheckStep(step) == nil
}

func workflowKey(id string) port.Key {
	return port.Key{PK: workflowPrefix + id, SK: "W"}
}

func taskKey(workflow string, id task.ID) port.Key {
	return port.Key{PK: workflowPrefix + workflow, SK: taskPrefix + string(id)}
}

func pointerKey(id task.ID) port.Key {
	return port.Key{PK: taskPrefix + string(id), SK: "T"}
}

func approvalKey(workflow, step string) port.Key {
	return port.Key{PK: workflowPrefix + workflow, SK: approvalPrefix + step}
}

func workflowIndex(w Workflow) (pk, sk string) {
	return statusIndex(w.Status), sortable(w.Created) + "#" + w.ID
}

func statusIndex(status flow.Status) string { return workflowPrefix + string(status) }

func taskIndex(t Task) (pk, sk string) {
	look := t.Created
	switch t.Status {
	case TaskClosed:
		return "", ""
	case TaskAnswered:
		if t.Answered != nil {
			look = *t.Answered
		}
	case TaskOpen:
	}
	return taskStatusIndex(t.Status), sortable(look) + "#" + string(t.ID)
}

func taskStatusIndex(status TaskStatus) string { return taskPrefix + string(status) }

// approvalIndex has a decided approval due at once, for its decision to be delivered.
func approvalIndex(a Approval) (pk, sk string) {
	if a.Delivered {
		return "", ""
	}
	look := a.Expires
	if a.Decision != nil && a.Decision.At.Before(look) {
		look = a.Decision.At
	}
	return openApprovals, sortable(look) + "#" + a.Request.Workflow + "#" + a.Request.Step
}

// sortable is a time whose texts sort as the times do.
func sortable(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// through is the highest sort key in an index of what is due at t.
func through(t time.Time) string { return sortable(t) + "#~" }
