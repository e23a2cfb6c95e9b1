package check

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON is json.Marshal without the escapes for HTML, which would break a
// Terraform expression such as ${a && b}.
func MarshalJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}
