// Command research is the agent that answers a question from pages that it fetches and cites.
//
// What must not live here: how a task is loaded, run and answered, and how a page is fetched.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/aegis-agents/aegis/agents/internal/kit"
	"github.com/aegis-agents/aegis/agents/internal/serve"
)

func main() { kit.Main(research) }

var research = kit.Agent{
	Name:        "research",
	Description: "Answers a question from public web pages and cites them.",
	Skills: []serve.Skill{{
		ID: "research", Name: "Research a question", Description: "Fetches pages, answers from them, and quotes each that it used.",
		Tags: []string{"research", "citations", "web"},
	}},
	Inputs: []kit.Field{{Name: "topic", Kind: kit.Text, Max: 2000}, {Name: "question", Kind: kit.Text, Max: 2000}},
	System: `You answer one question for a report. You fetch public web pages with your tool, prefer primary and recent sources, and compare
at least two where you can. You cite only pages that the tool returned in this conversation, each with a quote that is in its text word by word.
When no page can be fetched, you say so, give no sources, and the confidence is low.`,
	Instruction: func(kit.Input) string {
		return "Answer the question below, which is one of several on the topic. Fetch pages first, some at a time, then give the answer."
	},
	Subject: func(in kit.Input) string { return in.Text("question") },
	Schema: func(in kit.Input) string {
		return fmt.Sprintf(`{
			"type": "object", "additionalProperties": false, "required": ["question", "answer", "sources", "confidence"],
			"properties": {
				"question": {"const": %s},
				"answer": {"type": "string", "minLength": 1, "maxLength": 8000},
				"sources": {"type": "array", "maxItems": 20, "items": {
					"type": "object", "additionalProperties": false, "required": ["url", "title", "quote"],
					"properties": {
						"url": {"type": "string", "minLength": 1, "maxLength": 2000},
						"title": {"type": "string", "maxLength": 500},
						"quote": {"type": "string", "minLength": 1, "maxLength": 1000}
					}
				}},
				"confidence": {"enum": ["low", "medium", "high"]}
			}
		}`, in["question"])
	},
	Tools: []kit.Tool{kit.FetchTool},
	Check: func(run *kit.Run, answer json.RawMessage) ([]string, error) {
		var got struct {
			Sources []source `json:"sources"`
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			return nil, err
		}
		return uncited(run.Results(kit.FetchTool.Name), got.Sources)
	},
}
