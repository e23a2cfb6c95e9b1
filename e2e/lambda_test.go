//go:build e2e

package e2e

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatcheventbus"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/efsaccesspoint"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/efsfilesystem"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/kinesisstream"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdalayerversion"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/secretsmanagersecret"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/subnet"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpc"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

// python is the Quick Start's handler, as a package.
func python312() lambda.Directory {
	return lambda.Directory{Path: filepath.Join(root(), "apps", "quickstart", "controller", "src")}
}

// network is a VPC with one subnet and a security group.
type network struct{ subnet, group *string }

func newNetwork(stack cdktf.TerraformStack) network {
	v := vpc.NewVpc(stack, jsii.String("Network"), &vpc.VpcConfig{CidrBlock: jsii.String("10.0.0.0/16")})
	s := subnet.NewSubnet(stack, jsii.String("Subnet"), &subnet.SubnetConfig{VpcId: v.Id(), CidrBlock: jsii.String("10.0.0.0/24")})
	g := securitygroup.NewSecurityGroup(stack, jsii.String("Group"), &securitygroup.SecurityGroupConfig{
		VpcId: v.Id(), NamePrefix: jsii.String("aegis-e2e-"), Description: jsii.String("Of the function"),
	})
	return network{s.Id(), g.Id()}
}

func newQueue(stack cdktf.TerraformStack, id, name string) sqsqueue.SqsQueue {
	return sqsqueue.NewSqsQueue(stack, jsii.String(id), &sqsqueue.SqsQueueConfig{Name: jsii.String(name)})
}

func newPolicy(stack cdktf.TerraformStack, id, name string) iampolicy.IamPolicy {
	return iampolicy.NewIamPolicy(stack, jsii.String(id), &iampolicy.IamPolicyConfig{
		Name: jsii.String(name), Policy: jsii.String(iam.Render(iam.Statement{Actions: []string{"s3:ListAllMyBuckets"}, Resources: []*string{jsii.String("*")}})),
	})
}

// layerZip is a layer's package.
var layerZip = sync.OnceValue(func() string {
	path := filepath.Join(work(), "layer.zip")
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	w := zip.NewWriter(f)
	entry, err := w.Create("python/tool.py")
	if err == nil {
		_, err = entry.Write([]byte("tool = True\n"))
	}
	if err = errors.Join(err, w.Close(), f.Close()); err != nil {
		panic(err)
	}
	return path
})

// lambdaAll is a function with every prop, as in the golden of the construct,
// whose surroundings exist; what the emulator does not check is an ARN of
// nothing. A second one has what excludes the props of the first.
func lambdaAll(stack cdktf.TerraformStack) {
	const name = "lambda-all"
	tags := map[string]*string{"Team": jsii.String("e2e")}
	queue := newQueue(stack, "Queue", name)
	failed := newQueue(stack, "Failed", name+"-failed")
	policy := newPolicy(stack, "Policy", name)
	boundary := newPolicy(stack, "Boundary", name+"-boundary")
	network := newNetwork(stack)
	bucket := s3bucket.NewS3Bucket(stack, jsii.String("Packages"), &s3bucket.S3BucketConfig{
		Bucket: jsii.String("aegis-e2e-" + name), ForceDestroy: jsii.Bool(true),
	})
	files := efsfilesystem.NewEfsFileSystem(stack, jsii.String("Files"), &efsfilesystem.EfsFileSystemConfig{CreationToken: jsii.String(name)})
	access := efsaccesspoint.NewEfsAccessPoint(stack, jsii.String("Access"), &efsaccesspoint.EfsAccessPointConfig{FileSystemId: files.Id()})
	secret := secretsmanagersecret.NewSecretsmanagerSecret(stack, jsii.String("Secret"), &secretsmanagersecret.SecretsmanagerSecretConfig{
		Name: jsii.String(name), RecoveryWindowInDays: jsii.Number(0),
	})
	layer := lambdalayerversion.NewLambdaLayerVersion(stack, jsii.String("Layer"), &lambdalayerversion.LambdaLayerVersionConfig{
		LayerName: jsii.String(name), Filename: jsii.String(layerZip()),
	})
	bus := cloudwatcheventbus.NewCloudwatchEventBus(stack, jsii.String("Bus"), &cloudwatcheventbus.CloudwatchEventBusConfig{Name: jsii.String(name)})
	table := dynamodbtable.NewDynamodbTable(stack, jsii.String("Table"), &dynamodbtable.DynamodbTableConfig{
		Name: jsii.String(name), BillingMode: jsii.String("PAY_PER_REQUEST"), HashKey: jsii.String("id"),
		Attribute:     []*dynamodbtable.DynamodbTableAttribute{{Name: jsii.String("id"), Type: jsii.String("S")}},
		StreamEnabled: jsii.Bool(true), StreamViewType: jsii.String("NEW_IMAGE"),
	})
	clicks := kinesisstream.NewKinesisStream(stack, jsii.String("Clicks"), &kinesisstream.KinesisStreamConfig{
		Name: jsii.String(name), ShardCount: jsii.Number(1),
	})

	fn := lambda.NewFunction(stack, "Function", lambda.Props{
		FunctionName:         name,
		Description:          "Every prop",
		Code:                 python312(),
		CodeBucket:           bucket.Bucket(),
		Handler:              "main.lambda_handler",
		Runtime:              lambda.Python312,
		Architecture:         lambda.ARM64,
		MemoryMiB:            512,
		Timeout:              25 * time.Second,
		EphemeralStorageMiB:  1024,
		Environment:          map[string]*string{"QUEUE_URL": queue.Url(), "STAGE": jsii.String("e2e")},
		EnvironmentKMSKeyARN: jsii.String("arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001"),
		Secrets:              map[string]*string{"API_KEY_ARN": secret.Arn()},
		Layers:               []*string{layer.Arn()},
		ReservedConcurrency:  new(20),
		TracingMode:          lambda.Active,
		VPC:                  &lambda.VPC{SubnetIDs: []*string{network.subnet}, SecurityGroupIDs: []*string{network.group}, IPv6: true},
		DeadLetter:           lambda.Destination{QueueARN: failed.Arn()},
		FileSystem:           &lambda.FileSystem{AccessPointARN: access.Arn(), MountPath: "/mnt/data"},
		CodeSigningConfigARN: jsii.String("arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"),
		Alias: &lambda.Alias{
			Name: "live", Description: "What customers get",
			AdditionalVersionWeights: map[string]float64{"1": 0.1}, ProvisionedConcurrency: 2,
		},
		RolePath:               "/aegis/",
		PermissionsBoundaryARN: boundary.Arn(),
		ManagedPolicyARNs:      []*string{policy.Arn(), jsii.String("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")},
		InlinePolicy:           jsii.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`),
		PolicyStatements:       []iam.Statement{{Sid: "Send", Actions: []string{"sqs:SendMessage"}, Resources: []*string{queue.Arn()}}},
		LogPermission:          lambda.LogPermissionScoped,
		LogRetentionDays:       30,
		LogKMSKeyARN:           jsii.String("arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002"),
		LogFormat:              lambda.LogJSON,
		ApplicationLogLevel:    lambda.LogDebug,
		SystemLogLevel:         lambda.LogWarn,
		URL: &lambda.FunctionURL{
			AuthType: lambda.AuthNone,
			CORS: &lambda.CORS{
				AllowCredentials: true, AllowHeaders: []string{"content-type"}, ExposeHeaders: []string{"x-request-id"},
				AllowMethods: []string{"GET", "POST"}, AllowOrigins: []string{"https://example.com"}, MaxAge: time.Hour,
			},
			InvokeMode: lambda.ResponseStream,
		},
		Schedules: []lambda.Schedule{
			{Expression: "rate(5 minutes)", Input: jsii.String(`{"action":"sweep"}`), Description: "Sweeps"},
			{Name: "nightly", Expression: "cron(0 3 * * ? *)", Disabled: true},
			{Name: "berlin", Expression: "cron(0 9 ? * MON-FRI *)", TimeZone: "Europe/Berlin", FlexibleWindow: 15 * time.Minute},
			{Name: "once", Expression: "at(2037-01-31T09:00:00)", Disabled: true},
		},
		EventSources: []lambda.EventSource{
			lambda.SQSSource{
				QueueARN: queue.Arn(), BatchSize: 100, MaximumBatchingWindow: 5 * time.Second, MaximumConcurrency: 10,
				ReportBatchItemFailures: true, Filters: []string{`{"body":{"kind":["order"]}}`},
			},
			lambda.DynamoDBSource{
				StreamARN: table.StreamArn(),
				StreamSettings: lambda.StreamSettings{
					StartingPosition: lambda.TrimHorizon, ParallelizationFactor: 2, MaximumRecordAge: time.Hour, MaximumRetryAttempts: new(0),
					BisectBatchOnFunctionError: true, ReportBatchItemFailures: true, OnFailure: lambda.Destination{QueueARN: failed.Arn()},
				},
			},
			lambda.KinesisSource{
				Name: "clicks", StreamARN: clicks.Arn(),
				StartingPositionTimestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
				StreamSettings:            lambda.StreamSettings{StartingPosition: lambda.AtTimestamp, TumblingWindow: time.Minute, Disabled: true},
			},
		},
		Permissions: []lambda.Permission{{
			ID: "Bucket", Principal: jsii.String("s3.amazonaws.com"), SourceARN: bucket.Arn(), SourceAccount: jsii.String("123456789012"),
		}},
		AsyncInvoke: &lambda.AsyncInvoke{
			MaximumEventAge: time.Hour, MaximumRetryAttempts: new(0),
			OnSuccess: lambda.Destination{EventBusARN: bus.Arn()}, OnFailure: lambda.Destination{QueueARN: failed.Arn()},
		},
		Tags: tags,
	})
	fn.AddToRolePolicy(iam.Statement{Actions: []string{"lambda:GetFunction"}, Resources: []*string{fn.ARN()}})

	lambda.NewFunction(stack, "Snap", lambda.Props{
		FunctionName:     name + "-snap",
		Code:             python312(),
		Handler:          "main.lambda_handler",
		Runtime:          lambda.Python312,
		SnapStart:        true,
		LogRetentionDays: lambda.RetainForever,
		URL:              &lambda.FunctionURL{},
		Alias:            &lambda.Alias{Name: "fixed", FunctionVersion: "$LATEST"},
	})
}
