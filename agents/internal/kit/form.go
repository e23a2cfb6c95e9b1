package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/controller/task"
)

// maxProblem is how much the model is told about what is wrong, in bytes.
const maxProblem = 2000

// form is what an answer must fit.
type form struct {
	schema   map[string]any
	compiled *jsonschema.Schema
	problem  string // the last one
	tooLong  bool   // the last one was the size
}

// newForm compiles a schema.
func newForm(text string) (*form, error) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return nil, failure.New(task.ErrorInternal, "the agent's schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	const name = "answer.json"
	if err := compiler.AddResource(name, schema); err != nil {
		return nil, failure.New(task.ErrorInternal, "the agent's schema: %w", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return nil, failure.New(task.ErrorInternal, "the agent's schema: %w", err)
	}
	return &form{schema: schema, compiled: compiled}, nil
}

// accept returns the answer in its normal form, or what is wrong with it in
// words for the model.
func (f *form) accept(w *worker, run *Run, value json.RawMessage) (answer json.RawMessage, problem string, err error) {
	f.tooLong = false
	defer func() { f.problem = problem }()
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return nil, "The answer is not JSON: " + err.Error(), nil
	}
	if err := f.compiled.Validate(decoded); err != nil {
		return nil, "The answer does not fit the schema. " + describe(err), nil
	}
	// Encoded anew: the same value has the same bytes, and no key twice.
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(decoded); err != nil {
		return nil, "", failure.New(task.ErrorInternal, "encoding the answer: %w", err)
	}
	answer = bytes.TrimSpace(out.Bytes())
	if w.agent.Check != nil {
		wrong, err := w.agent.Check(run, answer)
		if err != nil {
			return nil, "", err
		}
		if len(wrong) > 0 {
			return nil, cutBytes("The answer must be corrected. "+strings.Join(wrong, "; "), maxProblem), nil
		}
	}
	if w.agent.Finish == nil && run.Task.InlineOnly && len(answer) > run.Task.InlineLimit {
		f.tooLong = true
		return nil, fmt.Sprintf("The answer is too long: it must have at most %d bytes, got %d.", run.Task.InlineLimit, len(answer)), nil
	}
	return answer, "", nil
}

// describe is the validator's report without its first line, which names files.
func describe(err error) string {
	text := err.Error()
	if _, rest, found := strings.Cut(text, "\n"); found {
		text = strings.ReplaceAll(rest, "\n", " ")
	}
	return cutBytes(text, maxProblem)
}

// jsonIn finds the JSON object in a text, if there is one.
func jsonIn(text string) json.RawMessage {
	from, to := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if from < 0 || to < from || !json.Valid([]byte(text[from:to+1])) {
		return nil
	}
	return json.RawMessage(text[from : to+1])
}

// cutBytes returns at most n bytes of text, without half a character at the end.
func cutBytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}
