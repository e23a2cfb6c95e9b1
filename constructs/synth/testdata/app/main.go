// Command app is what the tests of package synth run as a process of its own:
// its first argument names the app that it defines.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
)

// apps are the apps by name.
var apps = map[string]func(app cdktf.App){
	"good": func(app cdktf.App) {
		for _, name := range []string{"orders", "reports"} {
			lambda.NewFunction(newStack(app, name), "Api", good())
		}
	},
	"one": func(app cdktf.App) { lambda.NewFunction(newStack(app, "orders"), "Api", good()) },
	"no-assets": func(app cdktf.App) {
		queue(newStack(app, "orders"), "Queue")
		queue(newStack(app, "reports"), "Queue")
	},
	// Mistakes in two stacks, some of constructs that are not ours.
	"mistakes": func(app cdktf.App) {
		orders, reports := newStack(app, "orders"), newStack(app, "reports")
		wrong := good()
		wrong.MemoryMiB, wrong.Timeout = 64, 20*time.Minute
		lambda.NewFunction(orders, "Api", wrong)
		lambda.NewFunction(orders, "Fine", good())
		wrong = good()
		wrong.MemoryMiB = 20_000
		lambda.NewFunction(reports, "NightlyReport", wrong)
		cdktf.Annotations_Of(reports).AddError(jsii.String("must have a budget"))
		cdktf.Annotations_Of(queue(orders, "Queue")).AddError(jsii.String("must have a dead-letter queue,\ngot none"))
		cdktf.Annotations_Of(queue(reports, "Queue")).AddError(jsii.String("must have a dead-letter queue"))
	},
	"duplicate": func(app cdktf.App) {
		stack := newStack(app, "orders")
		wrong := good()
		wrong.MemoryMiB = 64
		lambda.NewFunction(stack, "Api", wrong)
		lambda.NewFunction(stack, "Api", good())
	},
	"nil-pointer": func(app cdktf.App) {
		wrong := good()
		wrong.MemoryMiB = 64
		lambda.NewFunction(newStack(app, "orders"), "Api", wrong)
		var missing *lambda.Function
		missing.Name()
	},
	"panic": func(cdktf.App) { panic("boom") },
	// An app that is still busy when a signal comes: with Go, with Node.
	"sleep": func(app cdktf.App) {
		newStack(app, "orders")
		ready()
		time.Sleep(time.Minute)
	},
	"busy": func(app cdktf.App) {
		stack := newStack(app, "orders")
		ready()
		for i := range 1_000_000 {
			queue(stack, "Queue"+strconv.Itoa(i))
		}
	},
	"grow": func(app cdktf.App) {
		n, err := strconv.Atoi(os.Args[2])
		if err != nil {
			panic(err)
		}
		stack := newStack(app, "many")
		for i := range n {
			props := good()
			props.ManagedPolicyARNs = *jsii.Strings("arn:aws:iam::aws:policy/AmazonSQSFullAccess")
			lambda.NewFunction(stack, "Function"+strconv.Itoa(i), props)
		}
	},
}

func main() {
	define := apps[os.Args[1]]
	if define == nil {
		fmt.Fprintln(os.Stderr, "unknown app", os.Args[1])
		os.Exit(2)
	}
	synth.Main(define)
}

// ready tells the test that the kernel is running.
func ready() { fmt.Println("ready") }

func newStack(app cdktf.App, name string) cdktf.TerraformStack {
	stack := cdktf.NewTerraformStack(app, &name)
	cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{Path: jsii.String("terraform.tfstate")})
	provider.NewAwsProvider(stack, jsii.String("AWS"), nil)
	return stack
}

func good() lambda.Props {
	return lambda.Props{
		Code:    lambda.Directory{Path: os.Getenv("APP_SOURCE")},
		Handler: "main.lambda_handler",
		Runtime: lambda.Python312,
	}
}

func queue(scope constructs.Construct, id string) sqsqueue.SqsQueue {
	return sqsqueue.NewSqsQueue(scope, &id, &sqsqueue.SqsQueueConfig{})
}
