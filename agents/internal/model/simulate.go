package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// maxSubject is how much of the subject a made-up text repeats, in characters.
const maxSubject = 160

// simulate makes up a value that fits a schema. It knows the keywords that the
// agents' schemas use. Lists are as short as they may be: sources that nobody
// asked for would be invented ones.
func simulate(schema map[string]any, subject string) (json.RawMessage, error) {
	value, err := madeUp(schema, "answer", cut(subject, maxSubject))
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// madeUp makes up one value. name is what a text calls itself.
func madeUp(schema map[string]any, name, subject string) (any, error) {
	if value, ok := schema["const"]; ok {
		return value, nil
	}
	if values, ok := schema["enum"].([]any); ok && len(values) > 0 {
		return values[0], nil
	}
	if title, ok := schema["title"].(string); ok {
		name = title
	}
	switch kind := schema["type"]; kind {
	case "object":
		properties, _ := schema["properties"].(map[string]any)
		out := make(map[string]any, len(properties))
		for key, property := range properties {
			inner, ok := property.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("property %s: must be a schema, got %T", key, property)
			}
			value, err := madeUp(inner, key, subject)
			if err != nil {
				return nil, err
			}
			out[key] = value
		}
		return out, nil
	case "array":
		items, _ := schema["items"].(map[string]any)
		least, _ := schema["minItems"].(float64)
		out := make([]any, 0, int(least))
		for i := range int(least) {
			value, err := madeUp(items, name, fmt.Sprintf("no. %d of %d, %s", i+1, int(least), subject))
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	case "string":
		text := fmt.Sprintf("%s %s: %s", Mark, name, subject)
		if most, ok := schema["maxLength"].(float64); ok {
			text = cut(text, int(most))
		}
		return text, nil
	case "integer", "number":
		least, _ := schema["minimum"].(float64)
		return least, nil
	case "boolean":
		return false, nil
	default:
		return nil, fmt.Errorf("cannot make up a value of type %v", kind)
	}
}

// cut returns at most n characters of text.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string(slices.Clip([]rune(text)[:n]))
}
