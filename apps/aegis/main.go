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
	synth.Main(func(app cdktf.App) {
		for _, e := range environments {
			newStack(app, e)
		}
	})
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
