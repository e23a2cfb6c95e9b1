package lazyload

import (
	"bytes"
	"errors"
	"os"
	"strings"
)

// splitOptions splits a value of NODE_OPTIONS the way Node does: at spaces
// outside of double quotes; a backslash escapes only inside of them.
// https://nodejs.org/api/cli.html#node_optionsoptions
func splitOptions(value string) ([]string, error) {
	var (
		options []string
		quoted  bool
		inside  bool // of an option
		current strings.Builder
	)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && quoted:
			i++
			if i == len(value) {
				return nil, errors.New("must not end in an escape")
			}
			c = value[i]
		case c == ' ' && !quoted:
			if inside {
				options = append(options, current.String())
				current.Reset()
				inside = false
			}
			continue
		case c == '"':
			quoted = !quoted
			continue
		}
		inside = true
		current.WriteByte(c)
	}
	if quoted {
		return nil, errors.New("must close its double quotes")
	}
	if inside {
		options = append(options, current.String())
	}
	return options, nil
}

// quoteOption writes value so that Node reads it as one option.
func quoteOption(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// requiresHook tells whether options already load the hook, from whatever file.
func requiresHook(options []string) bool {
	for i, option := range options {
		name, path, joined := strings.Cut(option, "=")
		if name != "--require" && name != "-r" {
			continue
		}
		if !joined {
			if i+1 == len(options) {
				continue
			}
			path = options[i+1]
		}
		if source, err := os.ReadFile(path); err == nil && bytes.Equal(source, hookSource) {
			return true
		}
	}
	return false
}
