package lambda

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaalias"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaeventsourcemapping"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunction"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunctioneventinvokeconfig"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdapermission"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaprovisionedconcurrencyconfig"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3object"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/report"
	"github.com/aegis-agents/aegis/constructs/internal/role"
)

// Function is an AWS Lambda function with its role, log group and triggers.
type Function struct {
	constructs.Construct

	settings settings
	userTags map[string]*string
	code     prepared

	fn                   lambdafunction.LambdaFunction
	role                 *role.Role
	logGroup             cloudwatchloggroup.CloudwatchLogGroup
	existingLogGroupName *string
	existingLogGroupARN  *string
	object               s3object.S3Object
	alias                lambdaalias.LambdaAlias
	provisioned          lambdaprovisionedconcurrencyconfig.LambdaProvisionedConcurrencyConfig
	url                  *urlParts
	schedules            []namedSchedule
	scheduler            *schedulerRole
	eventSources         []lambdaeventsourcemapping.LambdaEventSourceMapping
	permissions          []lambdapermission.LambdaPermission
	async                lambdafunctioneventinvokeconfig.LambdaFunctionEventInvokeConfig
	grants               *grants
}

// NewFunction defines a function in scope. Invalid props are reported at synth,
// all of them, under the function's construct path.
func NewFunction(scope constructs.Construct, id string, props Props) *Function {
	props.Code = plainCode(props.Code)
	props.EventSources = plainSources(props.EventSources)
	f := &Function{userTags: props.Tags}
	constructs.NewConstruct_Override(f, scope, jsii.String(id))
	f.settings = resolve(props, *f.Node().Path())

	var p check.Problems
	validate(&p, props, f.settings)
	if props.Code != nil {
		f.code = props.Code.prepare(&p, f.settings)
	}
	report.Errors(f, p.Strings()...)
	report.Warnings(f, warnings(f.settings)...)

	// A wrong function is built all the same: one run shows what is wrong
	// everywhere, and nothing of it is written.
	f.addLogGroup(props)
	f.addRole(props)
	f.addFunction(props)
	f.addAlias(props.Alias)
	if props.URL != nil {
		f.addURL(*props.URL)
	}
	f.addSchedules(props.Schedules)
	f.addEventSources(props.EventSources)
	f.addPermissions(props.Permissions)
	f.addAsyncInvoke(props.AsyncInvoke)
	return f
}

func (f *Function) addFunction(props Props) {
	s := f.settings
	config := &lambdafunction.LambdaFunctionConfig{
		FunctionName:         jsii.String(s.name),
		Description:          optional(props.Description),
		Role:                 f.role.ARN(),
		Architectures:        jsii.Strings(string(s.architecture)),
		MemorySize:           jsii.Number(s.memoryMiB),
		Timeout:              seconds(s.timeout),
		Layers:               list(props.Layers),
		CodeSigningConfigArn: props.CodeSigningConfigARN,
		EphemeralStorage:     &lambdafunction.LambdaFunctionEphemeralStorage{Size: jsii.Number(s.ephemeralMiB)},
		TracingConfig:        &lambdafunction.LambdaFunctionTracingConfig{Mode: jsii.String(string(s.tracing))},
		LoggingConfig:        f.loggingConfig(props),
		Tags:                 f.tags(s.name),
		Lifecycle:            &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
		DependsOn:            dependsOn(f.waits()...),
	}
	if len(s.environment) > 0 {
		config.Environment = &lambdafunction.LambdaFunctionEnvironment{Variables: &s.environment}
		// A key without an environment is a change in every plan.
		config.KmsKeyArn = props.EnvironmentKMSKeyARN
	}
	if c := props.ReservedConcurrency; c != nil {
		config.ReservedConcurrentExecutions = jsii.Number(*c)
	}
	if v := props.VPC; v != nil {
		config.VpcConfig = &lambdafunction.LambdaFunctionVpcConfig{SubnetIds: required(v.SubnetIDs), SecurityGroupIds: required(v.SecurityGroupIDs)}
		if v.IPv6 {
			config.VpcConfig.Ipv6AllowedForDualStack = jsii.Bool(true)
		}
	}
	if arn := props.DeadLetter.arn(); arn != nil {
		config.DeadLetterConfig = &lambdafunction.LambdaFunctionDeadLetterConfig{TargetArn: arn}
	}
	if fs := props.FileSystem; fs != nil {
		config.FileSystemConfig = &lambdafunction.LambdaFunctionFileSystemConfig{
			Arn: text(fs.AccessPointARN), LocalMountPath: jsii.String(fs.MountPath),
		}
	}
	if props.SnapStart {
		config.SnapStart = &lambdafunction.LambdaFunctionSnapStart{ApplyOn: jsii.String("PublishedVersions")}
	}
	if props.Publish || props.SnapStart || props.Alias.follows() {
		config.Publish = jsii.Bool(true)
	}
	f.setCode(config)
	f.fn = lambdafunction.NewLambdaFunction(f, jsii.String("Resource"), config)
}

// setCode writes where the function's code is.
func (f *Function) setCode(config *lambdafunction.LambdaFunctionConfig) {
	if image := f.code.image; image != nil {
		config.PackageType = jsii.String("Image")
		config.ImageUri = text(image.URI)
		if len(image.Command) > 0 || len(image.EntryPoint) > 0 || image.WorkingDirectory != "" {
			config.ImageConfig = &lambdafunction.LambdaFunctionImageConfig{
				Command: texts(image.Command), EntryPoint: texts(image.EntryPoint), WorkingDirectory: optional(image.WorkingDirectory),
			}
		}
		return
	}
	config.Handler = jsii.String(f.settings.handler)
	config.Runtime = jsii.String(string(f.settings.runtime))
	switch {
	case f.code.s3 != nil:
		config.S3Bucket = text(f.code.s3.Bucket)
		config.S3Key = text(f.code.s3.Key)
		config.S3ObjectVersion = f.code.s3.Version
		config.SourceCodeHash = f.code.s3.SourceCodeHash
	case f.code.pkg != nil && f.settings.bucket != nil:
		f.upload(config)
	case f.code.pkg != nil:
		config.Filename = f.asset().Path()
		config.SourceCodeHash = jsii.String(f.code.pkg.SourceCodeHash())
	default:
		// The package could not be made, which is reported.
		config.Filename = jsii.String("")
	}
}

// asset carries the package into the stack's folder. Its hash is that of the
// package, so the path changes with the bytes and with nothing else.
func (f *Function) asset() cdktf.TerraformAsset {
	return cdktf.NewTerraformAsset(f, jsii.String("Code"), &cdktf.TerraformAssetConfig{
		Path:      jsii.String(f.code.pkg.Path),
		Type:      cdktf.AssetType_FILE,
		AssetHash: jsii.String(f.code.digest()),
	})
}

// upload puts the package into a bucket under a key of its own, so that an older
// version of the function keeps its code.
func (f *Function) upload(config *lambdafunction.LambdaFunctionConfig) {
	key := "lambda/" + f.settings.name + "/" + f.code.digest() + ".zip"
	f.object = s3object.NewS3Object(f, jsii.String("CodeObject"), &s3object.S3ObjectConfig{
		Bucket:     f.settings.bucket,
		Key:        jsii.String(key),
		Source:     f.asset().Path(),
		SourceHash: jsii.String(f.code.pkg.SourceCodeHash()),
		Tags:       f.objectTags(f.settings.name + "-code"),
	})
	config.S3Bucket = f.object.Bucket()
	config.S3Key = f.object.Key()
	config.SourceCodeHash = jsii.String(f.code.pkg.SourceCodeHash())
}

// tags are the user's with the resource's name as Name, as in the module.
func (f *Function) tags(name string) *map[string]*string {
	all := make(map[string]*string, len(f.userTags)+1)
	for k, v := range f.userTags {
		all[k] = text(v)
	}
	all["Name"] = jsii.String(name)
	return &all
}

// maxObjectTags is S3's, for an object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const maxObjectTags = 10

// objectTags are tags for an S3 object, none where there are more than S3 takes.
func (f *Function) objectTags(name string) *map[string]*string {
	if all := f.tags(name); len(*all) <= maxObjectTags {
		return all
	}
	report.Warnings(f, "CodeBucket: the uploaded package gets no tags, S3 takes at most 10 on an object")
	return nil
}

// qualifier is the alias that triggers, URL and permissions go to, nil for none.
func (f *Function) qualifier() *string {
	if f.alias == nil {
		return nil
	}
	return f.alias.Name()
}

// target is the ARN that triggers call: the alias's when there is one.
func (f *Function) target() *string {
	if f.alias == nil {
		return f.fn.Arn()
	}
	return f.alias.Arn()
}
