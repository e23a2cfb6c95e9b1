package lambda

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunction"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// addLogGroup defines the log group before the function, which would otherwise
// make one of its own without retention.
func (f *Function) addLogGroup(props Props) {
	if props.ExistingLogGroupName != nil {
		f.existingLogGroupName, f.existingLogGroupARN = props.ExistingLogGroupName, props.ExistingLogGroupARN
		return
	}
	retention := f.settings.retention
	if retention == RetainForever {
		retention = 0
	}
	f.logGroup = cloudwatchloggroup.NewCloudwatchLogGroup(f, jsii.String("LogGroup"), &cloudwatchloggroup.CloudwatchLogGroupConfig{
		Name:            jsii.String("/aws/lambda/" + f.settings.name),
		RetentionInDays: jsii.Number(retention),
		KmsKeyId:        props.LogKMSKeyARN,
		Tags:            f.tags(f.settings.name + "-logs"),
	})
}

// loggingConfig is nil when all of it is as Lambda has it by default, since
// regions without advanced logging refuse the block.
func (f *Function) loggingConfig(props Props) *lambdafunction.LambdaFunctionLoggingConfig {
	if f.settings.logFormat == LogText && props.ExistingLogGroupName == nil {
		return nil
	}
	config := &lambdafunction.LambdaFunctionLoggingConfig{
		LogFormat: jsii.String(string(f.settings.logFormat)),
		LogGroup:  props.ExistingLogGroupName,
	}
	if f.settings.logFormat == LogJSON {
		// Without both levels every plan shows a change.
		// https://github.com/hashicorp/terraform-provider-aws/issues/42181
		config.ApplicationLogLevel = jsii.String(string(f.settings.appLevel))
		config.SystemLogLevel = jsii.String(string(f.settings.systemLevel))
	}
	return config
}

// waits is what has to exist before the function: its log group and what its
// role may do.
func (f *Function) waits() []cdktf.ITerraformDependable {
	var all []cdktf.ITerraformDependable
	if f.logGroup != nil {
		all = append(all, f.logGroup)
	}
	return append(all, f.role.Waits()...)
}
