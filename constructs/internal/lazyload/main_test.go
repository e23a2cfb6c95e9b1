package lazyload

import (
	"os"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunction"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// synthEnv holds a directory: with it the test binary is a program that
// synthesizes a small stack into it, as the jsii client is one per process.
const synthEnv = "AEGIS_LAZYLOAD_SYNTH"

func TestMain(m *testing.M) {
	// Importing generated packages has prepared a kernel.
	jsii.Close()
	if dir := os.Getenv(synthEnv); dir != "" {
		synth(dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// synth follows the sequence that the package documentation prescribes.
func synth(dir string) {
	defer jsii.Close()
	before, set := os.LookupEnv(envNodeOptions)
	restore, err := Enable()
	if err != nil {
		panic(err)
	}
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: &dir})
	restore()
	if after, still := os.LookupEnv(envNodeOptions); after != before || still != set {
		panic("NODE_OPTIONS is not restored: " + after)
	}

	stack := cdktf.NewTerraformStack(app, jsii.String("small"))
	provider.NewAwsProvider(stack, jsii.String("aws"), &provider.AwsProviderConfig{
		Region: jsii.String("eu-west-1"),
	})
	role := iamrole.NewIamRole(stack, jsii.String("role"), &iamrole.IamRoleConfig{
		AssumeRolePolicy: jsii.String("{}"),
	})
	lambdafunction.NewLambdaFunction(stack, jsii.String("function"), &lambdafunction.LambdaFunctionConfig{
		FunctionName: jsii.String("function"),
		Role:         role.Arn(),
		Handler:      jsii.String("bootstrap"),
		Runtime:      jsii.String("provided.al2023"),
		Filename:     jsii.String("function.zip"),
	})
	dynamodbtable.NewDynamodbTable(stack, jsii.String("table"), &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String("table"),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String("pk"),
		Attribute:   []*dynamodbtable.DynamodbTableAttribute{{Name: jsii.String("pk"), Type: jsii.String("S")}},
	})
	sqsqueue.NewSqsQueue(stack, jsii.String("queue"), &sqsqueue.SqsQueueConfig{
		Name: jsii.String("queue"),
	})
	app.Synth()
}
