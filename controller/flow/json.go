package flow

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// encodeJSON is json.Marshal without the escapes for HTML: they would make the bodies
// longer than their limit, and a token of Terraform unreadable to Terraform.
func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func at(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }
