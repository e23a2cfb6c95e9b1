package task

import (
	"bytes"
	"encoding/json"
)

// Version is the protocol's version, in every message.
const Version = 1

// Kind says which message a message is.
type Kind string

// The kinds. They are on the wire: rename none.
const (
	KindOrder           Kind = "order"
	KindApprovalRequest Kind = "approval_request"
	KindTask            Kind = "task"
	KindHeartbeat       Kind = "heartbeat"
	KindResult          Kind = "result"
	KindFailure         Kind = "failure"
	KindDecision        Kind = "approval_decision"
)

var kinds = []Kind{KindOrder, KindApprovalRequest, KindTask, KindHeartbeat, KindResult, KindFailure, KindDecision}

// header is what every message begins with. The types have no such fields, so
// that no program sends a version that it does not speak.
type header struct {
	Version int  `json:"version"`
	Kind    Kind `json:"kind"`
}

func head(kind Kind) header { return header{Version: Version, Kind: kind} }

// KindOf returns a message's kind, for a queue that carries several, without reading further.
func KindOf(data []byte) (Kind, error) {
	_, kind, err := open(data)
	return kind, asError(err)
}

// encode writes a message that its own decoder accepts.
func encode(problem *Error, message any) ([]byte, error) {
	if problem != nil {
		return nil, problem
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // bodies keep their bytes
	if err := enc.Encode(message); err != nil {
		return nil, malformed("", err)
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if len(data) > MaxMessage {
		return nil, fail(TooLarge, "", "a message must have at most %d bytes, got %d", MaxMessage, len(data))
	}
	return data, nil
}
