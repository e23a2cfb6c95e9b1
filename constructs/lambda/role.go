package lambda

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/report"
	"github.com/aegis-agents/aegis/constructs/internal/role"
)

// AWS's own policies that a function's role may need.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
const (
	basicExecution = "service-role/AWSLambdaBasicExecutionRole"
	networkAccess  = "service-role/AWSLambdaENIManagementAccess"
)

func (f *Function) addRole(props Props) {
	if props.ExistingRoleARN != nil {
		f.role = role.Given(f, props.ExistingRoleARN, props.ExistingRoleName, f.settings.name)
	} else {
		f.role = role.New(f, role.Options{
			Name:                f.settings.roleName,
			Path:                props.RolePath,
			PermissionsBoundary: props.PermissionsBoundaryARN,
			Trust:               []iam.Statement{role.ServiceTrust("lambda.amazonaws.com")},
			Tags:                *f.tags(f.settings.roleName),
		})
	}
	if f.settings.permission == LogPermissionManaged {
		f.role.AttachAWS(basicExecution)
	}
	if props.VPC != nil {
		f.role.AttachAWS(networkAccess)
	}
	f.role.Attach(props.ManagedPolicyARNs)
	if props.InlinePolicy != nil {
		f.role.Inline("InlinePolicy", f.settings.name+"-inline-policy", props.InlinePolicy)
	}
	var logGroup *string // asked for only where it is used: a call to the kernel
	if f.settings.permission == LogPermissionScoped {
		logGroup = f.LogGroupARN()
	}
	f.role.Statements(append(needed(props, f.settings, logGroup), valid(props.PolicyStatements)...))
}

// needed are the permissions that the function's own settings take; with a log
// group's ARN, those to write to that group alone.
func needed(props Props, s settings, logGroupARN *string) []iam.Statement {
	var all []iam.Statement
	if logGroupARN != nil {
		all = append(all, iam.Statement{
			Sid:     "WriteLogs",
			Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			// Some write a group's ARN with ":*" at its end, as AWS does.
			Resources: []*string{jsii.String(strings.TrimSuffix(*logGroupARN, ":*") + ":*")},
		})
	}
	if s.tracing == Active {
		// X-Ray's actions know no resources.
		// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
		all = append(all, iam.Statement{
			Sid: "Trace", Actions: []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, Resources: []*string{&everything},
		})
	}
	if props.EnvironmentKMSKeyARN != nil {
		all = append(all, iam.Statement{
			Sid: "DecryptEnvironment", Actions: []string{"kms:Decrypt"}, Resources: []*string{props.EnvironmentKMSKeyARN},
		})
	}
	if len(props.Secrets) > 0 {
		read := iam.Statement{Sid: "ReadSecrets", Actions: []string{"secretsmanager:GetSecretValue"}}
		for _, name := range slices.Sorted(maps.Keys(props.Secrets)) {
			read.Resources = append(read.Resources, text(props.Secrets[name]))
		}
		all = append(all, read)
	}
	if fs := props.FileSystem; fs != nil {
		// These actions' resource is the file system, which the props do not
		// name; the access point is their condition.
		// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
		all = append(all, iam.Statement{
			Sid:       "MountFileSystem",
			Actions:   []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"},
			Resources: []*string{&everything},
			Conditions: []iam.Condition{{
				Operator: "StringEquals", Key: "elasticfilesystem:AccessPointArn", Values: []*string{text(fs.AccessPointARN)},
			}},
		})
	}
	all = append(all, props.DeadLetter.statement("SendDeadLetters")...)
	if a := props.AsyncInvoke; a != nil {
		all = append(all, a.OnSuccess.statement("SendSuccess")...)
		all = append(all, a.OnFailure.statement("SendFailure")...)
	}
	for _, source := range props.EventSources {
		if source != nil {
			m := source.mapping()
			all = append(all, m.statements...)
			all = append(all, m.settings.OnFailure.statement("")...)
		}
	}
	return all
}

// valid are the statements without mistakes; the others are reported.
func valid(statements []iam.Statement) []iam.Statement {
	return slices.DeleteFunc(slices.Clone(statements), func(s iam.Statement) bool {
		var p check.Problems
		s.Validate(&p, iam.Identity)
		return len(p.List()) > 0
	})
}

// AddToRolePolicy lets the function do more: the statements become part of one
// policy of its role. The function does not wait for that policy, so that its
// resources may depend on the function; what the function needs from its first
// call on belongs into Props.PolicyStatements.
//
// Mistakes are reported at synth under the function's construct path, as is a
// given role without ExistingRoleName.
func (f *Function) AddToRolePolicy(statements ...iam.Statement) {
	var p check.Problems
	iam.Validate(&p, "AddToRolePolicy", iam.Identity, statements, f.role.Added()...)
	if !f.role.Add(valid(statements)...) {
		p.Addf("AddToRolePolicy", "must go with a role that takes policies, got ExistingRoleARN without ExistingRoleName")
	}
	report.Errors(f, p.Strings()...)
}
