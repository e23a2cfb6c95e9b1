// Command aegis synthesizes the Aegis platform: one stack for each environment
// asked for.
//
//	AEGIS_ENV=dev,production go run ./apps/aegis
//
// A file for each concern: environments, storage, messaging, functions, outputs.
// What another stack could use belongs into constructs.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/synth"
)

func main() {
	environments, err := fromEnvironment(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	synth.Main(func(app cdktf.App) {
		for _, e := range environments {
			newStack(app, e)
		}
	})
}
