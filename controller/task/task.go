package task

import "time"

// Task is what an agent is given. It has no field for a task token.
type Task struct {
	ID ID `json:"task_id"`
	Spec

	Deadline time.Time `json:"deadline"` // when Step Functions gives this attempt up
	MAC      MAC       `json:"mac"`      // to be sent back with every answer
}

// Encode writes the message.
func (t Task) Encode() ([]byte, error) {
	return encode(t.check(), struct {
		header
		Task
	}{head(KindTask), t})
}

// DecodeTask reads a task.
func DecodeTask(data []byte) (Task, error) {
	o, err := openKind(data, KindTask)
	if err != nil {
		return Task{}, err
	}
	m := Task{ID: ID(o.text("task_id")), Spec: o.spec(), Deadline: o.time("deadline"), MAC: o.mac()}
	return done(o, m)
}

func (t Task) check() *Error {
	err := firstOf(t.Spec.check(), checkID(t.ID), checkTime("deadline", t.Deadline), t.MAC.check())
	if err == nil && t.ID != t.Spec.ID() {
		err = invalid("task_id", "must be the id of workflow, step, index and attempt")
	}
	return err
}
