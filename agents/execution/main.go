// Command execution is the agent that writes the deliverable: a report, as Markdown and as JSON.
//
// What must not live here: how a task is loaded, run and answered, and how an object is stored.
package main

import (
	"github.com/aegis-agents/aegis/agents/internal/kit"
	"github.com/aegis-agents/aegis/agents/internal/serve"
)

func main() { kit.Main(execution) }

var execution = kit.Agent{
	Name:        "execution",
	Description: "Writes the report on an analysis and stores it as Markdown and as JSON.",
	Skills: []serve.Skill{{
		ID: "write", Name: "Write a report", Description: "Turns an analysis and its research into a report with its sources.",
		Tags: []string{"writing", "report"},
	}},
	Inputs: []kit.Field{
		{Name: "topic", Kind: kit.Text, Max: 2000}, {Name: "analysis", Kind: kit.Object}, {Name: "research", Kind: kit.List},
	},
	System: `You write reports for people who decide. You say the most important thing first, in plain words, and never more than the analysis
and the research support. You say where confidence is low, and which questions stay open. The list of sources is added by a program: refer to a source by its URL.`,
	Instruction: func(kit.Input) string {
		return "Write the report on the topic below, from the analysis and the research: a title, a summary of some sentences, and sections in Markdown without headings of their own."
	},
	Subject: func(in kit.Input) string { return in.Text("topic") },
	Schema: func(kit.Input) string {
		return `{
			"type": "object", "additionalProperties": false, "required": ["title", "summary", "sections"],
			"properties": {
				"title": {"type": "string", "minLength": 1, "maxLength": 200},
				"summary": {"type": "string", "minLength": 1, "maxLength": 2000},
				"sections": {"type": "array", "minItems": 1, "maxItems": 20, "items": {
					"type": "object", "additionalProperties": false, "required": ["heading", "text"],
					"properties": {
						"heading": {"type": "string", "minLength": 1, "maxLength": 200},
						"text": {"type": "string", "minLength": 1, "maxLength": 8000}
					}
				}}
			}
		}`
	},
	Done:      done,
	Finish:    finish,
	MaxOutput: 8192,
}
