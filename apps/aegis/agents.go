package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
)

// agentPrograms is where the agents' main packages are.
const agentPrograms = "github.com/aegis-agents/aegis/agents/"

// agentNames are the platform's agents: each has a program, an image, a role and
// a log group of its own. The order changes nothing.
var agentNames = []string{"coordinator", "analyst", "research", "execution"}

// newAgents builds the agents' images for Graviton.
func newAgents(stack cdktf.TerraformStack, e Environment) map[string]*agent.Agent {
	node := constructs.NewConstruct(stack, jsii.String("Agents"))
	agents := make(map[string]*agent.Agent, len(agentNames))
	for _, name := range agentNames {
		agents[name] = agent.New(node, name, agent.Props{
			Name:             e.name(name + "-agent"),
			Source:           agent.GoPackage{Path: agentPrograms + name},
			Platforms:        []agent.Platform{agent.LinuxARM64},
			CreateRole:       true,
			RolePrincipals:   []string{"ecs-tasks.amazonaws.com"},
			CreateLogGroup:   true,
			LogRetentionDays: e.LogRetentionDays,
			ForceDelete:      !e.Protected,
			Tags:             map[string]*string{"Agent": jsii.String(name)},
		})
	}
	return agents
}
