package settings

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Optional returns the value of name, or the fallback when it is blank.
func (r *Reader) Optional(name, fallback string) string {
	if value := r.get(name); strings.TrimSpace(value) != "" {
		return value
	}
	return fallback
}

// Int returns the value of name, a number from lowest to highest, or the
// fallback when it is blank.
func (r *Reader) Int(name string, lowest, highest, fallback int) int {
	value := r.Optional(name, strconv.Itoa(fallback))
	number, err := strconv.Atoi(value)
	if err != nil || number < lowest || number > highest {
		r.fail(name, fmt.Sprintf("must be a number from %d to %d, got %s", lowest, highest, quote(value)))
		return fallback
	}
	return number
}

// Bool returns the value of name, which must be true or false.
func (r *Reader) Bool(name string) bool {
	value := r.Required(name)
	if value != "" && value != "true" && value != "false" {
		r.fail(name, "must be true or false, got "+quote(value))
	}
	return value == "true"
}

// List returns the values of name, which are separated by commas. At least one.
func (r *Reader) List(name string) []string {
	value := r.Required(name)
	if value == "" {
		return nil
	}
	items := strings.Split(value, ",")
	for i, item := range items {
		if items[i] = strings.TrimSpace(item); items[i] == "" {
			r.fail(name, "must be names with a comma between them, got "+quote(value))
			return nil
		}
	}
	return items
}

// ARN returns the value of name, which must be an ARN of the service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func (r *Reader) ARN(name, service string) string {
	value := r.Required(name)
	if value != "" && !isARN(value, service) {
		r.fail(name, fmt.Sprintf("must be an ARN of %s, got %s", service, quote(value)))
		return ""
	}
	return value
}

// ARNs returns the value of name: a JSON object from names to ARNs of the service,
// among them those that are required.
func (r *Reader) ARNs(name, service string, required ...string) map[string]string {
	value := r.Required(name)
	if value == "" {
		return nil
	}
	var arns map[string]string
	dec := json.NewDecoder(bytes.NewReader([]byte(value)))
	if err := dec.Decode(&arns); err != nil || arns == nil || dec.More() {
		r.fail(name, "must be a JSON object from names to ARNs, got "+quote(value))
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(arns)) {
		if !isARN(arns[key], service) {
			r.fail(name, fmt.Sprintf("%s must be an ARN of %s, got %s", key, service, quote(arns[key])))
		}
	}
	for _, key := range required {
		if _, ok := arns[key]; !ok {
			got := "none"
			if len(arns) > 0 {
				got = strings.Join(slices.Sorted(maps.Keys(arns)), ", ")
			}
			r.fail(name, fmt.Sprintf("must have %s, got %s", key, got))
		}
	}
	return arns
}

func isARN(value, service string) bool {
	parts := strings.SplitN(value, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == service && parts[5] != ""
}

// quote shows a value that is not secret, cut so that a mistake stays readable.
// What could be key material is not shown at all: it got into the wrong variable.
func quote(value string) string {
	const limit = 80
	if _, err := base64.StdEncoding.DecodeString(value); err == nil && len(value) >= 40 {
		return fmt.Sprintf("%d characters", len(value))
	}
	if len(value) > limit {
		value = strings.ToValidUTF8(value[:limit], "") + "…"
	}
	return strconv.Quote(value)
}
