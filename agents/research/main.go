// Command research is the agent that finds and cites sources. For now it answers GET /ping.
package main

import "github.com/aegis-agents/aegis/agents/internal/serve"

func main() { serve.Main("research") }
