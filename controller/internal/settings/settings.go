package settings

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Reader reads settings one by one and remembers what is wrong with them.
type Reader struct {
	get      func(name string) string
	problems []string
}

// NewReader returns a Reader over an environment, usually os.Getenv.
func NewReader(get func(name string) string) *Reader {
	return &Reader{get: get}
}

// Required returns the value of name, which must not be blank.
func (r *Reader) Required(name string) string {
	value := r.get(name)
	if strings.TrimSpace(value) == "" {
		r.fail(name, "must be set")
		return ""
	}
	return value
}

// QueueURL returns the value of name, which must be the URL of an SQS queue.
func (r *Reader) QueueURL(name string) string {
	value := r.Required(name)
	if value == "" {
		return ""
	}
	const want = "must be a queue URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks"
	u, err := url.Parse(value)
	switch {
	case err != nil:
		// The parser's error quotes the whole value, and a value put in the
		// wrong variable may be anything.
		r.fail(name, want+", got a value that is not a URL")
	case u.Scheme == "arn":
		r.fail(name, fmt.Sprintf("%s, got the ARN %q", want, value))
	// http serves emulators: AWS itself hands out https only.
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", strings.Trim(u.Path, "/") == "":
		r.fail(name, fmt.Sprintf("%s, got %q", want, u.Redacted()))
	case u.User != nil:
		r.fail(name, fmt.Sprintf("%s without credentials, got %q", want, u.Redacted()))
	default:
		return value
	}
	return ""
}

// Problems lists what is wrong, a line each, in the order the settings were
// read. Empty means that all of them can be used.
func (r *Reader) Problems() []string {
	return slices.Clone(r.problems)
}

func (r *Reader) fail(name, problem string) {
	r.problems = append(r.problems, name+": "+problem)
}
