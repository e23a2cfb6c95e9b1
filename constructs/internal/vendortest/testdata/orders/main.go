// Command orders is another team's app, which the test copies into a module of
// its own.
package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

func main() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("orders"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), nil)
		lambda.NewFunction(stack, "Api", lambda.Props{
			Code:    lambda.Directory{Path: "src"},
			Handler: "main.lambda_handler",
			Runtime: lambda.Python312,
			// The zones are a file that is embedded, too.
			Schedules: []lambda.Schedule{{Expression: "rate(5 minutes)", TimeZone: "Europe/Berlin"}},
		})
	})
}
