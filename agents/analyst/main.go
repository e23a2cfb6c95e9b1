// Command analyst is the agent that weighs what the research found. For now it answers GET /ping.
package main

import "github.com/aegis-agents/aegis/agents/internal/serve"

func main() { serve.Main("analyst") }
