package agents_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/agents/internal/bedrocktest"
)

// researched is what two research tasks found.
const researched = `[
	{"question": "How hot?", "answer": "600 °C.", "confidence": "medium", "sources": [{"url": "https://a.example/1", "title": "Sand\nhot", "quote": "q"}]},
	{"question": "Why?", "answer": "Cheap.", "confidence": "low", "sources": [{"url": "https://a.example/1", "title": "again", "quote": "q"}, {"url": "https://b.example/<2>", "title": "", "quote": "q"}]}
]`

func TestAnalystCitesTheResearch(t *testing.T) {
	t.Parallel()
	finding := func(confidence, sources string) bedrocktest.Reply {
		return bedrocktest.Use("answer", fmt.Sprintf(
			`{"summary": "Sand.", "open_questions": [], "findings": [{"statement": "Hot.", "confidence": %q, "sources": %s}]}`, confidence, sources))
	}
	w := newWorld(t)
	server := bedrocktest.New(t, finding("high", `["https://c.example/"]`), finding("high", `[]`), finding("high", `["https://a.example/1"]`))
	s := spec("analyst", map[string]string{"topic": `"heat"`, "plan": goodPlan, "research": researched})
	_, output := w.result(s, onBedrock(server)...)
	if !strings.Contains(output, `"sources":["https://a.example/1"]`) {
		t.Errorf("got %s", output)
	}
	for i, want := range []string{
		"</data-", `findings[0].sources[0]: must be a source of the research, got "https://c.example/"`,
		"findings[0].confidence: must be low without a source, got high",
	} {
		messages := server.Requests()[i].Messages
		if last := fmt.Sprint(messages[len(messages)-1].Content); !strings.Contains(last, want) {
			t.Errorf("request %d: got %s, want %s in it", i, last, want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := bedrocktest.New(t, bedrocktest.Use("answer",
		`{"title": "Heat\nin sand", "summary": "It works <well> & long.", "sections": [{"heading": "How", "text": "Heat it.\n\n- once"}]}`))
	s := spec("execution", map[string]string{"topic": `"heat"`, "analysis": `{}`, "research": researched})
	result, output := w.result(s, onBedrock(server)...)
	if result.Usage.Simulated {
		t.Error("a real model's report says that it is simulated")
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(w.dir, "artifacts", "wf-1", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	const want = `# Heat in sand

It works <well> & long.

## How

Heat it.

- once

## Sources

1. Sand hot: <https://a.example/1>
2. https://b.example/<2>: <https://b.example/%3C2%3E>
`
	if got := read("report.md"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := read("report.json"); !strings.Contains(got, `"task_id": "`+string(s.ID())) || !strings.Contains(got, "<well> & long") {
		t.Errorf("got %s", got)
	}

	// Another attempt is another task: it writes its own report over the other's.
	s.Attempt = 1
	_, again := w.result(s, onBedrock(bedrocktest.New(t, bedrocktest.Use("answer",
		`{"title": "Later", "summary": "s", "sections": [{"heading": "h", "text": "t"}]}`)))...)
	if got := read("report.md"); !strings.HasPrefix(got, "# Later\n") || again == output {
		t.Errorf("got %s", got)
	}
}
