package agent

import (
	"slices"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
	"github.com/aegis-agents/aegis/constructs/internal/report"
	"github.com/aegis-agents/aegis/constructs/internal/role"
)

// addLogGroup defines the log group of what runs the image.
func (a *Agent) addLogGroup(props Props) {
	if !props.CreateLogGroup {
		return
	}
	retention := a.settings.retention
	if retention == RetainForever {
		retention = 0
	}
	a.logGroup = cloudwatchloggroup.NewCloudwatchLogGroup(a, jsii.String("LogGroup"), &cloudwatchloggroup.CloudwatchLogGroupConfig{
		Name:            jsii.String("/aws/agent/" + a.settings.name),
		RetentionInDays: jsii.Number(retention),
		KmsKeyId:        props.LogKMSKeyARN,
		Tags:            a.tags(a.settings.name + "-logs"),
	})
}

// addRole defines the role of what runs the image.
func (a *Agent) addRole(props Props) {
	if !props.CreateRole {
		return
	}
	a.role = role.New(a, role.Options{
		Name:                a.settings.roleName,
		Path:                props.RolePath,
		PermissionsBoundary: props.PermissionsBoundaryARN,
		Trust:               []iam.Statement{role.ServiceTrust(a.settings.principals...)},
		Tags:                *a.tags(a.settings.roleName),
	})
	a.role.Attach(props.ManagedPolicyARNs)
	if props.InlinePolicy != nil {
		a.role.Inline("InlinePolicy", a.settings.roleLabel+"-inline-policy", props.InlinePolicy)
	}
	a.role.Statements(valid(props.PolicyStatements, iam.Identity))
}

// valid are the statements without mistakes; the others are reported.
func valid(statements []iam.Statement, where iam.PolicyType) []iam.Statement {
	return slices.DeleteFunc(slices.Clone(statements), func(s iam.Statement) bool {
		var p check.Problems
		s.Validate(&p, where)
		return len(p.List()) > 0
	})
}

// AddToRolePolicy lets what runs the image do more: the statements become part of
// one policy of the agent's role.
//
// Mistakes are reported at synth under the agent's construct path, as is an agent
// without a role.
func (a *Agent) AddToRolePolicy(statements ...iam.Statement) {
	var p check.Problems
	if a.role == nil {
		p.Addf("AddToRolePolicy", "must go with CreateRole, got an agent without a role")
		iam.Validate(&p, "AddToRolePolicy", iam.Identity, statements)
	} else {
		iam.Validate(&p, "AddToRolePolicy", iam.Identity, statements, a.role.Added()...)
		a.role.Add(valid(statements, iam.Identity)...)
	}
	report.Errors(a, p.Strings()...)
}
