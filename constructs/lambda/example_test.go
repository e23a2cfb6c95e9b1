package lambda_test

import (
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

// A Python function with the props that it cannot do without: it gets a role
// and a log group, 128 MiB and three seconds.
func ExampleNewFunction() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("orders"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		fn := lambda.NewFunction(stack, "Orders", lambda.Props{
			FunctionName: "orders",
			Code:         lambda.Directory{Path: "src/orders"},
			Handler:      "main.lambda_handler",
			Runtime:      lambda.Python312,
		})
		cdktf.NewTerraformOutput(stack, jsii.String("arn"), &cdktf.TerraformOutputConfig{Value: fn.ARN()})
	})
}

// A Go program that is compiled at synth and reads a queue. The queue calls the
// alias, which moves on with each version that Terraform publishes.
func ExampleNewFunction_goWithQueue() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("orders"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		queue := sqsqueue.NewSqsQueue(stack, jsii.String("Queue"), &sqsqueue.SqsQueueConfig{
			Name:                     jsii.String("orders"),
			VisibilityTimeoutSeconds: jsii.Number(180), // six times the function's timeout
		})
		lambda.NewFunction(stack, "Orders", lambda.Props{
			FunctionName: "orders",
			Code:         lambda.GoPackage{Path: "./cmd/orders"},
			Architecture: lambda.ARM64,
			MemoryMiB:    256,
			Timeout:      30 * time.Second,
			Environment:  map[string]*string{"QUEUE_URL": queue.Url()},
			Alias:        &lambda.Alias{Name: "live"},
			EventSources: []lambda.EventSource{lambda.SQSSource{
				QueueARN:                queue.Arn(),
				ReportBatchItemFailures: true,
			}},
		})
	})
}

// A function that every web page of one origin may call over HTTPS.
func ExampleNewFunction_publicURL() {
	synth.Main(func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String("shop"))
		provider.NewAwsProvider(stack, jsii.String("AWS"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
		fn := lambda.NewFunction(stack, "Prices", lambda.Props{
			FunctionName: "prices",
			Code:         lambda.Directory{Path: "src/prices"},
			Handler:      "index.handler",
			Runtime:      lambda.NodeJS22,
			URL: &lambda.FunctionURL{
				AuthType: lambda.AuthNone,
				CORS: &lambda.CORS{
					AllowOrigins: []string{"https://shop.example"},
					AllowMethods: []string{"GET"},
					MaxAge:       time.Hour,
				},
			},
		})
		cdktf.NewTerraformOutput(stack, jsii.String("url"), &cdktf.TerraformOutputConfig{Value: fn.URL()})
	})
}
