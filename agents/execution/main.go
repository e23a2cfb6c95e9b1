// Command execution is the agent that writes the deliverable. For now it answers GET /ping.
package main

import "github.com/aegis-agents/aegis/agents/internal/serve"

func main() { serve.Main("execution") }
