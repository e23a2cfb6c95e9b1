package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// maxScriptDelay keeps a typing error from looking like a hang.
const maxScriptDelay = 10 * 60 * 1000

// Script says what the stub does before it answers. In this order: it waits,
// denies access, is unavailable or throttles some times, refuses, uses tools,
// answers badly some times, then hangs. What is left out does not happen.
type Script struct {
	// Agents are the agents that the script is for. Default: all.
	Agents []string `json:"agents"`
	// FirstAttempts is how many attempts of a task the script is for: 1 is only
	// the first. Default: all.
	FirstAttempts int          `json:"first_attempts"`
	DelayMS       int          `json:"delay_ms"` // before each call
	AccessDenied  bool         `json:"access_denied"`
	Unavailable   int          `json:"unavailable"` // calls
	Throttle      int          `json:"throttle"`    // calls
	Refuse        bool         `json:"refuse"`
	Tools         []ScriptTool `json:"tools"`       // one a call
	BadAnswers    int          `json:"bad_answers"` // calls
	Hang          bool         `json:"hang"`        // until the agent is stopped
}

// ScriptTool is a tool that the stub uses.
type ScriptTool struct {
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

// ParseScript reads a script. An empty text is one in which nothing happens.
func ParseScript(text string) (Script, error) {
	var s Script
	if text == "" {
		return s, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Script{}, fmt.Errorf("must be a JSON object of the stub's settings: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Script{}, errors.New("must be one JSON object, got more after it")
	}
	if s.DelayMS < 0 || s.DelayMS > maxScriptDelay {
		return Script{}, fmt.Errorf("delay_ms: must be from 0 to %d, got %d", maxScriptDelay, s.DelayMS)
	}
	for name, count := range map[string]int{
		"first_attempts": s.FirstAttempts, "unavailable": s.Unavailable, "throttle": s.Throttle, "bad_answers": s.BadAnswers,
	} {
		if count < 0 {
			return Script{}, fmt.Errorf("%s: must not be negative, got %d", name, count)
		}
	}
	return s, nil
}

// For returns what is left of the script for one attempt of one agent.
func (s Script) For(agent string, attempt int) Script {
	if len(s.Agents) > 0 && !slices.Contains(s.Agents, agent) {
		return Script{}
	}
	if s.FirstAttempts > 0 && attempt >= s.FirstAttempts {
		return Script{}
	}
	return s
}

// delay is how long a call takes.
func (s Script) delay() time.Duration { return time.Duration(s.DelayMS) * time.Millisecond }
