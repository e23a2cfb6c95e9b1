package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxBody is the largest request, in bytes. It is the most a Step Functions
// execution takes as input, the furthest that any request's content goes.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxBody = 256 * 1024

// Fields are the fields of a request besides "action", still encoded.
type Fields map[string]json.RawMessage

// Decode fills v, a pointer to a struct, and refuses fields v does not have.
func (f Fields) Decode(v any) error {
	encoded, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("cannot read the fields: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(encoded))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("field %q must be %s, got %s", kind.Field, kind.Type, kind.Value)
		}
		// encoding/json has no type for an unknown field, only this text.
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// parse reads a request strictly. encoding/json alone would take "Action" for
// "action", the last of two equal fields, and leave what follows the object unread.
func parse(body []byte) (action string, fields Fields, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return "", nil, errors.New("the request is empty")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	opening, err := dec.Token()
	if err != nil {
		return "", nil, notJSON(err)
	}
	if opening != json.Delim('{') {
		return "", nil, fmt.Errorf("the request must be a JSON object, got %s", jsonType(opening))
	}
	fields = Fields{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", nil, notJSON(err)
		}
		name, _ := key.(string) // the decoder allows nothing else as a key
		if _, twice := fields[name]; twice {
			return "", nil, fmt.Errorf("field %q is given twice", name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return "", nil, notJSON(err)
		}
		fields[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return "", nil, notJSON(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", nil, errors.New("the request must be one JSON object, got data after it")
	}
	return takeAction(fields)
}

func takeAction(fields Fields) (string, Fields, error) {
	raw, ok := fields["action"]
	if !ok {
		return "", nil, errors.New(`field "action" is missing`)
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", nil, notJSON(err)
	}
	action, ok := value.(string)
	if !ok {
		return "", nil, fmt.Errorf(`field "action" must be a string, got %s`, jsonType(value))
	}
	if action == "" {
		return "", nil, errors.New(`field "action" must not be empty`)
	}
	delete(fields, "action")
	return action, fields, nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the request must be JSON, got an end in the middle")
	}
	return fmt.Errorf("the request must be JSON: %w", err)
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a string"
	case json.Delim:
		if v == '[' {
			return "an array"
		}
	case []any:
		return "an array"
	}
	return "an object"
}
