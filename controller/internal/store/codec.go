package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aegis-agents/aegis/controller/task"
)

// The records as they are stored. Only here tokens are spelled out: encoded in
// any other way, such as in a log, records have none.
type (
	storedTask struct {
		Task

		Token string `json:"token"` // hides Task.Token
	}
	storedApproval struct {
		Approval

		Request json.RawMessage `json:"request"`         // the message, with the token
		Token   string          `json:"token,omitempty"` // never set, hides Approval.Token
	}
	pointer struct {
		Workflow string `json:"workflow"`
	}
)

func encodeTask(t Task) ([]byte, error) {
	return marshal(storedTask{Task: t, Token: string(t.Token.Token)})
}

func decodeTask(data []byte) (Task, error) {
	var s storedTask
	err := unmarshal(data, &s)
	s.Task.Token = Secret{task.Token(s.Token)}
	return s.Task, err
}

func encodeApproval(a Approval) ([]byte, error) {
	request := a.Request
	request.Token = a.Token.Token
	data, err := request.Encode()
	if err != nil {
		return nil, err
	}
	return marshal(storedApproval{Approval: a, Request: data})
}

func decodeApproval(data []byte) (Approval, error) {
	var s storedApproval
	if err := unmarshal(data, &s); err != nil {
		return Approval{}, err
	}
	request, err := task.DecodeApprovalRequest(s.Request)
	if err != nil {
		return Approval{}, fmt.Errorf("a record that cannot be read: %w", err)
	}
	a := s.Approval
	a.Token = Secret{request.Token}
	request.Token = ""
	a.Request = request
	return a, nil
}

func encodeWorkflow(w Workflow) ([]byte, error) { return marshal(w) }

func decodeWorkflow(data []byte) (w Workflow, err error) {
	err = unmarshal(data, &w)
	return w, err
}

// marshal leaves <, > and & as they are: json.Marshal would make bodies longer
// than they may be.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func unmarshal(data []byte, v any) error {
	// Unknown fields are a newer version's, which may run at the same time.
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("a record that cannot be read: %w", err)
	}
	return nil
}
