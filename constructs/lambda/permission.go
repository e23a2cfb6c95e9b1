package lambda

import (
	"regexp"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdapermission"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Permission lets a principal call the function, or its alias.
// https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
type Permission struct {
	// ID is the statement's id: 1 to 100 letters, digits, - and _. It must not
	// repeat, nor be "FunctionURLPublic" or begin with
	// "AllowExecutionFromCloudWatch", which are the construct's own. Required.
	ID string
	// Principal is a service ("s3.amazonaws.com"), an account id or an ARN. Required.
	Principal *string
	// Action is what is allowed. Default: "lambda:InvokeFunction".
	Action string
	// SourceARN is the resource that the service calls for. A service as
	// principal needs SourceARN, SourceAccount or PrincipalOrgID, else it could
	// be made to call for anybody. Default: none.
	SourceARN *string
	// SourceAccount is the account of that resource, 12 digits; S3 needs it,
	// since a bucket's ARN names no account. Default: none.
	SourceAccount *string
	// PrincipalOrgID limits callers to an organization: "o-" and 10 to 32
	// letters and digits. Default: none.
	PrincipalOrgID *string
	// EventSourceToken is the token of an Alexa skill. Default: none.
	EventSourceToken *string
}

const (
	maxStatementID = 100
	maxEventToken  = 256
)

var (
	// What the schedules and the URL take, and the provider for a public URL.
	ownStatement     = regexp.MustCompile(`^(AllowExecutionFromCloudWatch.*|FunctionURLPublic|FunctionURLAllowPublicAccess)$`)
	statementID      = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	permissionAction = regexp.MustCompile(`^lambda:(\*|[a-zA-Z]+)$`)
	servicePrincipal = regexp.MustCompile(`\.(amazonaws\.com(\.cn)?|amazon\.com)$`)
	organization     = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	eventToken       = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	noSpace          = regexp.MustCompile(`^\S+$`)
)

func validatePermissions(p *check.Problems, permissions []Permission) {
	seen := map[string]int{}
	for i, permission := range permissions {
		in := p.At("Permissions", i)
		if in.Pattern("ID", permission.ID, 1, maxStatementID, statementID, "letters, digits, - and _") {
			if first, again := seen[permission.ID]; again {
				in.Addf("ID", "must not repeat Permissions[%d], got %q", first, permission.ID)
			}
			if ownStatement.MatchString(permission.ID) {
				in.Addf("ID", "must not be one that schedules or the URL take, got %q", permission.ID)
			}
		}
		seen[permission.ID] = i
		permission.validate(in)
	}
}

func (m Permission) validate(p *check.Problems) {
	if m.Action != "" {
		p.Pattern("Action", m.Action, 1, maxStatementID, permissionAction, `"lambda:" and an action`)
	}
	p.ARN("SourceARN", m.SourceARN)
	p.AccountID("SourceAccount", m.SourceAccount)
	if id, ok := check.Literal(m.PrincipalOrgID); ok && !organization.MatchString(id) {
		p.Addf("PrincipalOrgID", `must be "o-" and 10 to 32 letters and digits, got %q`, id)
	}
	if token, ok := check.Literal(m.EventSourceToken); ok {
		p.Pattern("EventSourceToken", token, 1, maxEventToken, eventToken, "letters, digits and ._-")
	}
	if !p.RequiredValue("Principal", m.Principal) {
		return
	}
	principal, ok := check.Literal(m.Principal)
	if !ok {
		return
	}
	p.Pattern("Principal", principal, 1, 512, noSpace, "without white space")
	bound := m.SourceARN != nil || m.SourceAccount != nil || m.PrincipalOrgID != nil || m.EventSourceToken != nil
	switch {
	case principal == anything && m.PrincipalOrgID == nil:
		p.Addf("Principal", `must not be "*" without PrincipalOrgID: every AWS account could call, got %q`, principal)
	case principal == "s3.amazonaws.com" && m.SourceAccount == nil:
		p.Addf("SourceAccount", "must be set for S3: a bucket's ARN names no account, got nothing")
	case servicePrincipal.MatchString(principal) && !bound:
		p.Addf("SourceARN", "must be set, or SourceAccount or PrincipalOrgID, since the service %q could be made to call for anybody, got nothing", principal)
	}
}

func (f *Function) addPermissions(permissions []Permission) {
	if len(permissions) == 0 {
		return
	}
	node := constructs.NewConstruct(f, jsii.String("Permissions"))
	seen := map[string]bool{}
	for _, m := range permissions {
		if seen[m.ID] || !statementID.MatchString(m.ID) {
			continue // reported; a construct id must not repeat
		}
		seen[m.ID] = true
		action := m.Action
		if action == "" {
			action = "lambda:InvokeFunction"
		}
		f.permissions = append(f.permissions, lambdapermission.NewLambdaPermission(node, jsii.String(m.ID), &lambdapermission.LambdaPermissionConfig{
			StatementId:      jsii.String(m.ID),
			Action:           jsii.String(action),
			FunctionName:     f.fn.FunctionName(),
			Qualifier:        f.qualifier(),
			Principal:        text(m.Principal),
			SourceArn:        m.SourceARN,
			SourceAccount:    m.SourceAccount,
			PrincipalOrgId:   m.PrincipalOrgID,
			EventSourceToken: m.EventSourceToken,
		}))
	}
}
