package kit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	checkpointVersion = 1
	// maxCheckpoint is more than a conversation within the limits of tools and turns.
	maxCheckpoint = 16 * 1024 * 1024
)

// checkpoint is where the next attempt at the same task goes on.
type checkpoint struct {
	Version int    `json:"version"`
	Agent   string `json:"agent"`
	Model   string `json:"model"`
	// Input is the hash of what the agent was asked: another input is another task.
	Input        string `json:"input"`
	Attempt      int    `json:"attempt"`
	Conversation any    `json:"conversation"`
}

// checkpointKey is the same for all attempts at a task.
func checkpointKey(t task.Task) string {
	return fmt.Sprintf("checkpoints/%s/%s/%d.json", t.Workflow, t.Step, t.Index)
}

// inputHash tells inputs apart.
func inputHash(t task.Task) (string, error) {
	data, err := json.Marshal(t.Input)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// keepsWork says whether the next attempt shall go on where this one stopped:
// where the trouble was not the conversation itself.
func keepsWork(err error) bool {
	name := failure.NameOf(err)
	return name == task.ErrorStopped || failure.Temporary(err)
}

// checkpoint stores the conversation. That it cannot be stored costs the next
// attempt its head start, and nothing else.
func (w *worker) checkpoint(ctx context.Context, talk *conversation) {
	if talk.total() == 0 {
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), checkpointTime)
	defer done()
	hash, err := inputHash(w.task)
	if err == nil {
		var data []byte
		data, err = json.Marshal(checkpoint{
			Version: checkpointVersion, Agent: w.agent.Name, Model: w.model.ID(), Input: hash, Attempt: w.task.Attempt,
			Conversation: conversation{Messages: talk.Messages, Repairs: talk.Repairs, Spent: talk.total()},
		})
		if err == nil {
			err = w.objects.Put(ctx, checkpointKey(w.task), "application/json", data)
		}
	}
	if err != nil {
		w.log.Warn("no checkpoint", "error", err.Error())
		return
	}
	w.log.Info("checkpoint", "messages", len(talk.Messages), "tokens", talk.total())
}

// resume loads the checkpoint of an attempt before, if there is one.
func (w *worker) resume(ctx context.Context, run *Run) error {
	if w.task.Attempt == 0 {
		return nil
	}
	data, err := w.objects.Get(ctx, checkpointKey(w.task), maxCheckpoint)
	if errors.Is(err, transport.ErrNotFound) {
		return nil
	}
	// A role without s3:ListBucket is told 403 for an object that is not there.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
	if errors.Is(err, transport.ErrDenied) {
		w.log.Warn("no checkpoint can be read", "error", err.Error())
		return nil
	}
	if err != nil {
		return failure.New(failureOfObject(err), "the checkpoint: %w", err)
	}
	talk := &conversation{}
	kept := checkpoint{Conversation: talk}
	hash, hashErr := inputHash(w.task)
	if err := errors.Join(json.Unmarshal(data, &kept), hashErr); err != nil {
		w.log.Warn("the checkpoint cannot be read", "error", err.Error())
		return nil
	}
	if kept.Version != checkpointVersion || kept.Agent != w.agent.Name || kept.Model != w.model.ID() || kept.Input != hash {
		w.log.Warn("the checkpoint is of another task, model or version")
		return nil
	}
	run.talk.Messages, run.talk.Repairs, run.talk.Spent = talk.Messages, talk.Repairs, talk.Spent
	w.log.Info("going on", "attempt_before", kept.Attempt, "messages", len(talk.Messages), "tokens", talk.Spent)
	return nil
}
