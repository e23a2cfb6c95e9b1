package agents_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/controller/task"
)

type planOutput struct {
	Questions []string `json:"questions"`
	Rationale string   `json:"rationale"`
}

type researchOutput struct {
	Question, Answer, Confidence string
	Sources                      []struct{ URL, Title, Quote string }
}

type reportOutput struct {
	Title, Summary string
	Artifacts      []struct {
		Key, SHA256 string
		Size        int
		ContentType string `json:"content_type"`
	}
}

// go test reuses a result until a file that a test itself looked at has changed,
// and does not see what go build looks at.
func TestSourcesAreSeen(t *testing.T) {
	t.Parallel()
	for _, root := range []string{".", "../controller/task"} {
		err := filepath.WalkDir(root, func(string, fs.DirEntry, error) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// All four, one after the other, as the default workflow has them.
func TestStubGoesThroughTheWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const topic = `"Storage of heat in sand"`

	plan := spec("coordinator", map[string]string{"topic": topic, "questions": "3"})
	plan.InlineOnly = true
	result, planned := w.result(plan)
	questions := decode[planOutput](t, planned)
	if len(questions.Questions) != 3 {
		t.Errorf("got %d questions, want 3: %s", len(questions.Questions), planned)
	}
	if !result.Usage.Simulated || result.Usage.Model != "stub" || result.Usage.InputTokens == 0 || result.Usage.OutputTokens == 0 {
		t.Errorf("usage: got %+v, want the stub's", result.Usage)
	}

	var research task.Body
	for i, question := range questions.Questions {
		s := spec("research", map[string]string{"topic": topic, "question": `"` + question + `"`})
		s.Index = i
		s.InlineLimit = 10 // so that it travels by reference
		result, found := w.result(s)
		answer := decode[researchOutput](t, found)
		if answer.Question != question || !strings.Contains(answer.Answer, "SIMULATED") || len(answer.Sources) != 0 {
			t.Errorf("research: got %s, want a simulated answer to %q without sources", found, question)
		}
		research.List = append(research.List, result.Output)
	}

	analyze := spec("analyst", map[string]string{"topic": topic, "plan": planned})
	analyze.Input["research"] = research
	_, analysis := w.result(analyze)
	if !strings.Contains(analysis, "SIMULATED") {
		t.Errorf("analyst: got %s, want it to say SIMULATED", analysis)
	}

	write := spec("execution", map[string]string{"topic": topic, "analysis": analysis})
	write.Input["research"] = research
	_, written := w.result(write)
	report := decode[reportOutput](t, written)
	if len(report.Artifacts) != 2 {
		t.Fatalf("execution: got %s, want two artifacts", written)
	}
	for i, name := range []string{"report.md", "report.json"} {
		a := report.Artifacts[i]
		data, err := os.ReadFile(filepath.Join(w.dir, a.Key))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if a.Key != "artifacts/wf-1/"+name || a.Size != len(data) || a.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("artifact: got %+v, file of %d bytes", a, len(data))
		}
		if !strings.Contains(string(data), "SIMULATED") {
			t.Errorf("%s does not say SIMULATED", name)
		}
	}

	// The same task again writes the same, and asks no model.
	result, again := w.result(write, `MODEL_STUB_SCRIPT={"access_denied": true}`)
	if again != written || result.Usage != (task.Usage{}) {
		t.Errorf("again: got %s and %+v, want %s and no usage", again, result.Usage, written)
	}
}
