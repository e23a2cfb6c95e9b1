// Command coordinator is the agent that plans a workflow's questions.
//
// What must not live here: how a task is loaded, run and answered.
package main

import (
	"fmt"

	"github.com/aegis-agents/aegis/agents/internal/kit"
	"github.com/aegis-agents/aegis/agents/internal/serve"
)

func main() { kit.Main(coordinator) }

// coordinator plans. The workflow itself reads the questions, so that the whole
// answer must be inline: the schema's lengths keep it below 8 KiB.
var coordinator = kit.Agent{
	Name:        "coordinator",
	Description: "Turns a topic into the questions that research has to answer.",
	Skills: []serve.Skill{{
		ID: "plan", Name: "Plan research", Description: "Writes a given number of questions on a topic, and why these.",
		Tags: []string{"planning", "research"},
	}},
	Inputs: []kit.Field{{Name: "topic", Kind: kit.Text, Max: 2000}, {Name: "questions", Kind: kit.Integer, Max: maxQuestions}},
	System: `You plan research. You split a topic into questions that do not overlap, that together cover the topic, and that each can be
answered from public web pages by somebody who knows nothing but the topic and that one question.`,
	Instruction: func(in kit.Input) string {
		return fmt.Sprintf("Write exactly %d questions on the topic below, the most important one first, each of one sentence, and one paragraph that says why these.", in.Integer("questions"))
	},
	Subject: func(in kit.Input) string { return in.Text("topic") },
	Schema: func(in kit.Input) string {
		return fmt.Sprintf(`{
			"type": "object", "additionalProperties": false, "required": ["questions", "rationale"],
			"properties": {
				"questions": {
					"type": "array", "minItems": %[1]d, "maxItems": %[1]d, "uniqueItems": true,
					"items": {"type": "string", "title": "question", "minLength": 1, "maxLength": 400}
				},
				"rationale": {"type": "string", "minLength": 1, "maxLength": 1500}
			}
		}`, in.Integer("questions"))
	},
}

// maxQuestions is the most that the workflow researches.
const maxQuestions = 12
