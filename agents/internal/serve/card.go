package serve

import (
	"encoding/json"
	"io"
)

const (
	// CardPath is where A2A clients look for the card.
	// https://a2a-protocol.org/v0.3.0/specification/#53-recommended-location
	CardPath = "/.well-known/agent-card.json"
	// a2aVersion is the version of A2A that the card follows.
	a2aVersion = "0.3.0"
	// version is that of all agents of this repository.
	version = "0.1.0"
	// maxRequest is how much of an A2A request is read.
	maxRequest = 1 << 20
)

// About is what an agent says about itself.
type About struct {
	Name        string
	Description string
	Skills      []Skill
}

// Skill is one thing that an agent can do, in A2A's words.
type Skill struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
}

// card is an A2A agent card.
// https://a2a-protocol.org/v0.3.0/specification/#55-agentcard-object-structure
type card struct {
	ProtocolVersion    string          `json:"protocolVersion"`
	Name               string          `json:"name"`
	Description        string          `json:"description"`
	Version            string          `json:"version"`
	URL                string          `json:"url"`
	PreferredTransport string          `json:"preferredTransport"`
	Capabilities       map[string]bool `json:"capabilities"`
	DefaultInputModes  []string        `json:"defaultInputModes"`
	DefaultOutputModes []string        `json:"defaultOutputModes"`
	Skills             []Skill         `json:"skills"`
}

// card describes the agent that is reached at url.
func (a About) card(url string) card {
	return card{
		ProtocolVersion: a2aVersion, Name: a.Name, Description: a.Description, Version: version,
		URL: url, PreferredTransport: "JSONRPC",
		Capabilities:      map[string]bool{"streaming": false, "pushNotifications": false, "stateTransitionHistory": false},
		DefaultInputModes: []string{"application/json"}, DefaultOutputModes: []string{"application/json"},
		Skills: a.Skills,
	}
}

// refusal answers an A2A request: the card is for finding the agent, and its
// tasks come from the control plane.
// https://a2a-protocol.org/v0.3.0/specification/#82-a2a-specific-errors
func refusal(body io.Reader) any {
	type failed struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	answer := struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   failed          `json:"error"`
	}{Version: "2.0", ID: json.RawMessage("null"), Error: failed{-32004, "This operation is not supported: tasks come from the control plane"}}
	var request struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxRequest)).Decode(&request); err != nil {
		answer.Error = failed{-32700, "Invalid JSON payload"}
	} else if request.ID != nil {
		answer.ID = request.ID
	}
	return answer
}
