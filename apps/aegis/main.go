// Command aegis synthesizes the Aegis platform: one stack for each environment
// asked for.
//
//	AEGIS_ENV=dev,production go run ./apps/aegis
//
// A file for each concern: environments and their fields, storage, messaging,
// functions and what they may do, workflows, agents, network, observability,
// outputs. What another stack could use belongs into constructs.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

func main() {
	context, err := readContext(os.LookupEnv)
	if err != nil {
		fail(err)
	}
	environments, err := fromEnvironment(os.Environ(), context)
	if err != nil {
		fail(err)
	}
	for _, e := range environments {
		startBuilds(e)
	}
	synth.Main(func(app cdktf.App) {
		for _, e := range environments {
			newStack(app, e)
		}
	})
}

// startBuilds starts to compile what newStack will ask for, in that order.
func startBuilds(e Environment) {
	var sources []agent.GoPackage
	for _, spec := range agentSpecs() {
		sources = append(sources, spec.source())
	}
	agent.StartBuild(processors[e.Architecture].platform, sources...)
	var code []lambda.GoPackage
	for _, name := range functionNames {
		code = append(code, name.code())
	}
	lambda.StartBuild(e.Architecture, code...)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
