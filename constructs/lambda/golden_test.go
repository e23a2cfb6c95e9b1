package lambda_test

import (
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/sqsqueue"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// python is a package of one file.
var python = lambda.Directory{Path: "testdata/python"}

// required are the props that a function cannot do without.
func required() lambda.Props {
	return lambda.Props{
		FunctionName: "orders",
		Code:         python,
		Handler:      "main.lambda_handler",
		Runtime:      lambda.Python312,
	}
}

func TestGoldenRequired(t *testing.T) {
	synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		lambda.NewFunction(stack, "Orders", required())
	}).Golden("required")
}

func TestGoldenAll(t *testing.T) {
	synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		queue := sqsqueue.NewSqsQueue(stack, jsii.String("Queue"), &sqsqueue.SqsQueueConfig{Name: jsii.String("orders")})
		policy := iampolicy.NewIamPolicy(stack, jsii.String("Policy"), &iampolicy.IamPolicyConfig{
			Name: jsii.String("orders"), Policy: jsii.String(`{"Version":"2012-10-17","Statement":[]}`),
		})
		fn := lambda.NewFunction(stack, "Orders", lambda.Props{
			FunctionName:         "orders",
			Description:          "Takes orders",
			Code:                 python,
			CodeBucket:           jsii.String("packages"),
			Handler:              "main.lambda_handler",
			Runtime:              lambda.Python312,
			Architecture:         lambda.ARM64,
			MemoryMiB:            512,
			Timeout:              5 * time.Minute,
			EphemeralStorageMiB:  1024,
			Environment:          map[string]*string{"QUEUE_URL": queue.Url(), "STAGE": jsii.String("test")},
			EnvironmentKMSKeyARN: jsii.String("arn:aws:kms:eu-central-1:123456789012:key/1"),
			Secrets:              map[string]*string{"API_KEY_ARN": jsii.String("arn:aws:secretsmanager:eu-central-1:123456789012:secret:api-AbCdEf")},
			Layers:               *jsii.Strings("arn:aws:lambda:eu-central-1:123456789012:layer:tools:3"),
			ReservedConcurrency:  new(20),
			TracingMode:          lambda.Active,
			VPC: &lambda.VPC{
				SubnetIDs: *jsii.Strings("subnet-1", "subnet-2"), SecurityGroupIDs: *jsii.Strings("sg-1"), IPv6: true,
			},
			DeadLetter:           lambda.Destination{QueueARN: queue.Arn()},
			FileSystem:           &lambda.FileSystem{AccessPointARN: jsii.String("arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-1"), MountPath: "/mnt/data"},
			CodeSigningConfigARN: jsii.String("arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"),
			Alias: &lambda.Alias{
				Name: "live", Description: "What customers get",
				AdditionalVersionWeights: map[string]float64{"1": 0.1}, ProvisionedConcurrency: 2,
			},
			RolePath:               "/aegis/",
			PermissionsBoundaryARN: jsii.String("arn:aws:iam::123456789012:policy/boundary"),
			ManagedPolicyARNs:      []*string{policy.Arn(), jsii.String("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")},
			InlinePolicy:           jsii.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`),
			PolicyStatements:       []iam.Statement{{Sid: "Send", Actions: []string{"sqs:SendMessage"}, Resources: []*string{queue.Arn()}}},
			LogPermission:          lambda.LogPermissionScoped,
			LogRetentionDays:       30,
			LogKMSKeyARN:           jsii.String("arn:aws:kms:eu-central-1:123456789012:key/2"),
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
				{Name: "once", Expression: "at(2027-01-31T09:00:00)", Disabled: true},
			},
			EventSources: []lambda.EventSource{
				lambda.SQSSource{
					QueueARN: queue.Arn(), BatchSize: 100, MaximumBatchingWindow: 5 * time.Second, MaximumConcurrency: 10,
					ReportBatchItemFailures: true, Filters: []string{`{"body":{"kind":["order"]}}`},
				},
				lambda.DynamoDBSource{
					StreamARN: jsii.String("arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"),
					StreamSettings: lambda.StreamSettings{
						StartingPosition: lambda.TrimHorizon, ParallelizationFactor: 2, MaximumRecordAge: time.Hour, MaximumRetryAttempts: new(0),
						BisectBatchOnFunctionError: true, ReportBatchItemFailures: true, OnFailure: lambda.Destination{QueueARN: queue.Arn()},
					},
				},
				lambda.KinesisSource{
					Name: "clicks", StreamARN: jsii.String("arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"),
					StartingPositionTimestamp: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
					StreamSettings:            lambda.StreamSettings{StartingPosition: lambda.AtTimestamp, TumblingWindow: time.Minute, Disabled: true},
				},
			},
			Permissions: []lambda.Permission{{
				ID: "Bucket", Principal: jsii.String("s3.amazonaws.com"),
				SourceARN: jsii.String("arn:aws:s3:::uploads"), SourceAccount: jsii.String("123456789012"),
			}},
			AsyncInvoke: &lambda.AsyncInvoke{
				MaximumEventAge: time.Hour, MaximumRetryAttempts: new(0),
				OnSuccess: lambda.Destination{EventBusARN: jsii.String("arn:aws:events:eu-central-1:123456789012:event-bus/orders")},
				OnFailure: lambda.Destination{QueueARN: queue.Arn()},
			},
			Tags: map[string]*string{"Team": jsii.String("orders")},
		})
		fn.AddToRolePolicy(iam.Statement{Actions: []string{"lambda:GetFunction"}, Resources: []*string{fn.ARN()}})
	}).Golden("all")
}
