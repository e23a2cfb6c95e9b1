package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aegis-agents/aegis/agents/internal/failure"
	"github.com/aegis-agents/aegis/agents/internal/kit"
	"github.com/aegis-agents/aegis/agents/internal/transport"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	markdownType = "text/markdown; charset=utf-8"
	jsonType     = "application/json"
	// maxReport is more than the schema and the sources allow.
	maxReport = 4 * 1024 * 1024
)

// report is report.json.
type report struct {
	TaskID    task.ID   `json:"task_id"` // whose work it is: done recognizes it
	Workflow  string    `json:"workflow"`
	Topic     string    `json:"topic"`
	Simulated bool      `json:"simulated"`
	Title     string    `json:"title"`
	Summary   string    `json:"summary"`
	Sections  []section `json:"sections"`
	Sources   []source  `json:"sources"`
}

type section struct {
	Heading string `json:"heading"`
	Text    string `json:"text"`
}

type source struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// artifact is one stored file.
type artifact struct {
	Key         string `json:"key"`
	SHA256      string `json:"sha256"`
	Size        int    `json:"size"`
	ContentType string `json:"content_type"`

	data []byte
}

// output is the task's answer.
type output struct {
	Title     string     `json:"title"`
	Summary   string     `json:"summary"`
	Artifacts []artifact `json:"artifacts"`
}

// done returns what a run of the same task before this one has written: the
// task may be started twice, its report is written once.
func done(ctx context.Context, run *kit.Run) (json.RawMessage, bool, error) {
	data, err := run.Objects.Get(ctx, key(run.Task, "json"), maxReport)
	// A role without s3:ListBucket is told 403 for an object that is not there.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
	if errors.Is(err, transport.ErrNotFound) || errors.Is(err, transport.ErrDenied) || errors.Is(err, transport.ErrTooLarge) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, failure.New(task.ErrorUnavailable, "looking for the report: %w", err)
	}
	r, ok := ours(data, run.Task.ID)
	if !ok {
		return nil, false, nil // another attempt's, which this one replaces
	}
	out, err := store(ctx, run, r)
	return out, err == nil, err
}

// ours reads a report if it is the task's.
func ours(data []byte, id task.ID) (report, bool) {
	var r report
	err := json.Unmarshal(data, &r)
	return r, err == nil && r.TaskID == id
}

// finish writes the report that the model gave.
func finish(ctx context.Context, run *kit.Run, answer json.RawMessage) (json.RawMessage, error) {
	r := report{
		TaskID: run.Task.ID, Workflow: run.Task.Workflow, Topic: run.Input.Text("topic"),
		Simulated: run.Simulated, Sources: sources(run.Input["research"]),
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, fmt.Errorf("the answer: %w", err)
	}
	return store(ctx, run, r)
}

// sources lists what the research cites, each once, in its order.
func sources(research json.RawMessage) []source {
	var answers []struct {
		Sources []source `json:"sources"`
	}
	list := []source{}
	// What is not shaped like research has no sources.
	if json.Unmarshal(research, &answers) != nil {
		return list
	}
	seen := make(map[string]bool)
	for _, a := range answers {
		for _, s := range a.Sources {
			if s.URL != "" && !seen[s.URL] {
				seen[s.URL] = true
				list = append(list, s)
			}
		}
	}
	return list
}

// key is where a form of the report is.
func key(t task.Task, extension string) string {
	return "artifacts/" + t.Workflow + "/report." + extension
}

// store writes both forms, the JSON last: where it is, both are. The same report
// has the same bytes, so that writing it again changes nothing.
func store(ctx context.Context, run *kit.Run, r report) (json.RawMessage, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	artifacts := []artifact{
		newArtifact(key(run.Task, "md"), markdownType, []byte(markdown(r))),
		newArtifact(key(run.Task, "json"), jsonType, data.Bytes()),
	}
	for _, a := range artifacts {
		err := run.Objects.Put(ctx, a.Key, a.ContentType, a.data)
		if errors.Is(err, transport.ErrDenied) {
			return nil, failure.New(task.ErrorAccessDenied, "writing %s: %w", a.Key, err)
		}
		if err != nil {
			return nil, failure.New(task.ErrorUnavailable, "writing %s: %w", a.Key, err)
		}
	}
	return json.Marshal(output{Title: r.Title, Summary: r.Summary, Artifacts: artifacts})
}

// newArtifact describes a file by what is in it.
func newArtifact(key, contentType string, data []byte) artifact {
	sum := sha256.Sum256(data)
	return artifact{Key: key, SHA256: hex.EncodeToString(sum[:]), Size: len(data), ContentType: contentType, data: data}
}

// markdown writes the report for people.
func markdown(r report) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n", line(r.Title))
	if r.Simulated {
		out.WriteString("\n> SIMULATED: the stub model made this up. Nothing in it was researched.\n")
	}
	fmt.Fprintf(&out, "\n%s\n", strings.TrimSpace(r.Summary))
	for _, s := range r.Sections {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n", line(s.Heading), strings.TrimSpace(s.Text))
	}
	out.WriteString("\n## Sources\n\n")
	if len(r.Sources) == 0 {
		out.WriteString("The research cites no sources.\n")
	}
	for i, s := range r.Sources {
		title := line(s.Title)
		if title == "" {
			title = s.URL
		}
		fmt.Fprintf(&out, "%d. %s: <%s>\n", i+1, title, strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "").Replace(s.URL))
	}
	return out.String()
}

// line is a text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
