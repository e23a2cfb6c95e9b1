// Command analyst is the agent that weighs what the research found.
//
// What must not live here: how a task is loaded, run and answered.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/aegis-agents/aegis/agents/internal/kit"
	"github.com/aegis-agents/aegis/agents/internal/serve"
)

func main() { kit.Main(analyst) }

var analyst = kit.Agent{
	Name:        "analyst",
	Description: "Weighs researched answers against each other: findings with their confidence and sources, and what stays open.",
	Skills: []serve.Skill{{
		ID: "analyze", Name: "Analyse research", Description: "Draws findings from several researched answers and says how sure they are.",
		Tags: []string{"analysis", "confidence"},
	}},
	Inputs: []kit.Field{
		{Name: "topic", Kind: kit.Text, Max: 2000}, {Name: "plan", Kind: kit.Object}, {Name: "research", Kind: kit.List},
	},
	System: `You analyse research. You compare the answers, point out where they support or contradict each other, and draw findings. A finding's
confidence is high only when independent sources agree. A finding cites only sources that the research cites, by their URL; one without a source has low confidence.`,
	Instruction: func(kit.Input) string {
		return "Analyse the research below, which answers the plan's questions on the topic: a summary, the findings, and the questions that stay open."
	},
	Subject: func(in kit.Input) string { return in.Text("topic") },
	Schema: func(kit.Input) string {
		return `{
			"type": "object", "additionalProperties": false, "required": ["summary", "findings", "open_questions"],
			"properties": {
				"summary": {"type": "string", "minLength": 1, "maxLength": 3000},
				"findings": {"type": "array", "minItems": 1, "maxItems": 30, "items": {
					"type": "object", "additionalProperties": false, "required": ["statement", "confidence", "sources"],
					"properties": {
						"statement": {"type": "string", "title": "finding", "minLength": 1, "maxLength": 1500},
						"confidence": {"enum": ["low", "medium", "high"]},
						"sources": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 2000}}
					}
				}},
				"open_questions": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 500}}
			}
		}`
	},
	Check: check,
}

// check refuses sources that the research does not have, and confidence without any.
func check(run *kit.Run, answer json.RawMessage) ([]string, error) {
	var research []struct {
		Sources []struct {
			URL string `json:"url"`
		} `json:"sources"`
	}
	// What is not shaped like research has no sources.
	if err := json.Unmarshal(run.Input["research"], &research); err != nil {
		research = nil
	}
	known := make(map[string]bool)
	for _, r := range research {
		for _, s := range r.Sources {
			known[s.URL] = true
		}
	}
	var got struct {
		Findings []struct {
			Confidence string   `json:"confidence"`
			Sources    []string `json:"sources"`
		} `json:"findings"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, err
	}
	var wrong []string
	for i, f := range got.Findings {
		if len(f.Sources) == 0 && f.Confidence != "low" {
			wrong = append(wrong, fmt.Sprintf("findings[%d].confidence: must be low without a source, got %s", i, f.Confidence))
		}
		for j, url := range f.Sources {
			if !known[url] {
				wrong = append(wrong, fmt.Sprintf("findings[%d].sources[%d]: must be a source of the research, got %q", i, j, url))
			}
		}
	}
	return wrong, nil
}
