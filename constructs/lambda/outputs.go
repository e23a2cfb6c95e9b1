package lambda

import (
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudformationstack"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatcheventrule"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatcheventtarget"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaalias"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaeventsourcemapping"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunction"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunctioneventinvokeconfig"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdafunctionurl"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdapermission"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaprovisionedconcurrencyconfig"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3object"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/schedulerschedule"
)

// ARN returns the function's ARN, known after apply.
func (f *Function) ARN() *string { return f.fn.Arn() }

// Name returns the function's name.
func (f *Function) Name() *string { return f.fn.FunctionName() }

// InvokeARN returns the ARN that API Gateway calls.
func (f *Function) InvokeARN() *string { return f.fn.InvokeArn() }

// QualifiedARN returns the ARN of the newest version.
func (f *Function) QualifiedARN() *string { return f.fn.QualifiedArn() }

// Version returns the newest version, "$LATEST" when none is published.
func (f *Function) Version() *string { return f.fn.Version() }

// SourceCodeHash returns the base64 SHA-256 of the package.
func (f *Function) SourceCodeHash() *string { return f.fn.SourceCodeHash() }

// RoleARN returns the ARN of the function's role.
func (f *Function) RoleARN() *string { return f.role.ARN() }

// RoleName returns the name of the function's role, nil for a given role whose
// name was not given.
func (f *Function) RoleName() *string { return f.role.Name() }

// LogGroupName returns the name of the function's log group.
func (f *Function) LogGroupName() *string {
	if f.logGroup == nil {
		return f.existingLogGroupName
	}
	return f.logGroup.Name()
}

// LogGroupARN returns the ARN of the function's log group, nil for an existing
// group whose ARN was not given.
func (f *Function) LogGroupARN() *string {
	if f.logGroup == nil {
		return f.existingLogGroupARN
	}
	return f.logGroup.Arn()
}

// URL returns the function's URL, nil when it has none.
func (f *Function) URL() *string {
	if f.url == nil {
		return nil
	}
	return f.url.url.FunctionUrl()
}

// AliasARN returns the alias's ARN, nil when there is none.
func (f *Function) AliasARN() *string {
	if f.alias == nil {
		return nil
	}
	return f.alias.Arn()
}

// AliasInvokeARN returns the ARN by which API Gateway calls the alias, nil when
// there is none.
func (f *Function) AliasInvokeARN() *string {
	if f.alias == nil {
		return nil
	}
	return f.alias.InvokeArn()
}

// ScheduleRuleARN returns the ARN of the first EventBridge rule, nil when there is none.
func (f *Function) ScheduleRuleARN() *string {
	for _, s := range f.schedules {
		if s.Rule != nil {
			return s.Rule.Arn()
		}
	}
	return nil
}

// Resources are the resources behind a function, for what its props do not
// offer: Resources().Function.AddOverride("snap_start.…", …). What a function
// does not have is nil or empty.
type Resources struct {
	Function               lambdafunction.LambdaFunction
	Role                   iamrole.IamRole
	PolicyAttachments      []iamrolepolicyattachment.IamRolePolicyAttachment
	RolePolicies           []iamrolepolicy.IamRolePolicy
	LogGroup               cloudwatchloggroup.CloudwatchLogGroup
	CodeObject             s3object.S3Object
	Alias                  lambdaalias.LambdaAlias
	ProvisionedConcurrency lambdaprovisionedconcurrencyconfig.LambdaProvisionedConcurrencyConfig
	URL                    lambdafunctionurl.LambdaFunctionUrl
	URLPermission          lambdapermission.LambdaPermission
	URLPermissionStack     cloudformationstack.CloudformationStack
	Schedules              map[string]ScheduleResources
	SchedulerRole          iamrole.IamRole
	SchedulerPolicy        iamrolepolicy.IamRolePolicy
	EventSources           []lambdaeventsourcemapping.LambdaEventSourceMapping
	Permissions            []lambdapermission.LambdaPermission
	AsyncInvoke            lambdafunctioneventinvokeconfig.LambdaFunctionEventInvokeConfig
}

// ScheduleResources are the resources of one schedule: rule, target and
// permission, or the Scheduler's schedule.
type ScheduleResources struct {
	Rule       cloudwatcheventrule.CloudwatchEventRule
	Target     cloudwatcheventtarget.CloudwatchEventTarget
	Permission lambdapermission.LambdaPermission
	Schedule   schedulerschedule.SchedulerSchedule
}

// Resources returns the resources behind the function.
func (f *Function) Resources() Resources {
	r := Resources{
		Function:               f.fn,
		Role:                   f.role.Resource(),
		PolicyAttachments:      f.role.Attachments(),
		RolePolicies:           f.role.Policies(),
		LogGroup:               f.logGroup,
		CodeObject:             f.object,
		Alias:                  f.alias,
		ProvisionedConcurrency: f.provisioned,
		Schedules:              make(map[string]ScheduleResources, len(f.schedules)),
		EventSources:           f.eventSources,
		Permissions:            f.permissions,
		AsyncInvoke:            f.async,
	}
	if f.url != nil {
		r.URL, r.URLPermission, r.URLPermissionStack = f.url.url, f.url.permission, f.url.stack
	}
	if f.scheduler != nil {
		r.SchedulerRole, r.SchedulerPolicy = f.scheduler.role, f.scheduler.policy
	}
	for _, s := range f.schedules {
		r.Schedules[s.name] = s.ScheduleResources
	}
	return r
}
