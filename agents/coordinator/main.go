// Command coordinator is the agent that plans a workflow's questions. For now it answers GET /ping.
package main

import "github.com/aegis-agents/aegis/agents/internal/serve"

func main() { serve.Main("coordinator") }
