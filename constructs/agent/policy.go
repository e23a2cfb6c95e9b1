package agent

import (
	"fmt"
	"regexp"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrrepositorypolicy"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// What pulling and pushing take. GetAuthorizationToken is not among them: it
// knows no repository and is of no use in a repository's policy.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
var (
	pullActions = []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
	pushActions = []string{
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer",
		"ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
	}
	lambdaActions = []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
)

// maxPolicyBytes is ECR's.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html
const maxPolicyBytes = 10240

// addPolicy defines the repository's policy, which Lambda would otherwise write
// itself, behind Terraform's back.
func (a *Agent) addPolicy(props Props) {
	if a.repository == nil {
		return
	}
	policy := props.RepositoryPolicy
	if policy == nil {
		statements := policyStatements(props, a.repository.RegistryId())
		if len(statements) == 0 {
			return
		}
		policy = jsii.String(iam.Render(statements...))
	}
	a.policy = ecrrepositorypolicy.NewEcrRepositoryPolicy(a, jsii.String("RepositoryPolicy"), &ecrrepositorypolicy.EcrRepositoryPolicyConfig{
		Repository: a.repository.Name(),
		Policy:     policy,
	})
}

// policyStatements are those of the repository's policy; account is the
// repository's.
func policyStatements(props Props, account *string) []iam.Statement {
	return append(ownStatements(props, account), valid(props.RepositoryPolicyStatements, iam.Resource)...)
}

// ownStatements are those that the props stand for.
func ownStatements(props Props, account *string) []iam.Statement {
	var all []iam.Statement
	if list := plain(props.PullPrincipals); len(list) > 0 {
		all = append(all, iam.Statement{Sid: "Pull", Actions: pullActions, Principals: []iam.Principal{{Type: "AWS", Identifiers: list}}})
	}
	if len(props.PullOrganizationIDs) > 0 {
		all = append(all, iam.Statement{
			Sid:        "PullOrganizations",
			Actions:    pullActions,
			Principals: []iam.Principal{{Type: "*"}},
			Conditions: []iam.Condition{{Operator: "StringEquals", Key: "aws:PrincipalOrgID", Values: *jsii.Strings(props.PullOrganizationIDs...)}},
		})
	}
	if list := plain(props.PushPrincipals); len(list) > 0 {
		all = append(all, iam.Statement{Sid: "Push", Actions: pushActions, Principals: []iam.Principal{{Type: "AWS", Identifiers: list}}})
	}
	if props.ForLambda {
		// https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
		condition := iam.Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []*string{account}}
		if list := plain(props.LambdaFunctionARNs); len(list) > 0 {
			condition = iam.Condition{Operator: "ArnLike", Key: "aws:SourceArn", Values: list}
		}
		all = append(all, iam.Statement{
			Sid:        "LambdaPull",
			Actions:    lambdaActions,
			Principals: []iam.Principal{{Type: "Service", Identifiers: []*string{jsii.String("lambda.amazonaws.com")}}},
			Conditions: []iam.Condition{condition},
		})
	}
	return all
}

var (
	accountOrARN = regexp.MustCompile(`^([0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:\S+)$`)
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
	organization = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	functionARN  = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9*?-]+:[0-9]{12}:function:\S+$`)
	tokenText    = regexp.MustCompile(`[$#&]\{[^}]*\}`)
)

func validatePolicy(p *check.Problems, props Props) {
	if props.RepositoryPolicy != nil {
		const field = "RepositoryPolicy"
		p.JSON(field, props.RepositoryPolicy)
		if text, ok := check.Literal(props.RepositoryPolicy); ok && len(text) > maxPolicyBytes {
			p.Addf(field, "must take at most %d bytes, got %d", maxPolicyBytes, len(text))
		}
		for _, with := range []struct {
			field string
			set   bool
		}{
			{"LambdaFunctionARNs", props.LambdaFunctionARNs != nil},
			{"RepositoryPolicyStatements", props.RepositoryPolicyStatements != nil},
			{"PullPrincipals", props.PullPrincipals != nil},
			{"PullOrganizationIDs", props.PullOrganizationIDs != nil},
			{"PushPrincipals", props.PushPrincipals != nil},
		} {
			p.Exclusive(with.field, field, with.set)
		}
	}
	validatePrincipals(p, "PullPrincipals", props.PullPrincipals)
	for i, id := range props.PullOrganizationIDs {
		p.Pattern(fmt.Sprintf("PullOrganizationIDs[%d]", i), id, 1, maxLabel, organization, `an organization's id, "o-" and 10 to 32 lower-case letters and digits`)
	}
	validatePrincipals(p, "PushPrincipals", props.PushPrincipals)
	if props.LambdaFunctionARNs != nil && !props.ForLambda {
		p.Addf("LambdaFunctionARNs", "must go with ForLambda, got functions alone")
	}
	p.Elements("LambdaFunctionARNs", props.LambdaFunctionARNs, func(field string, arn *string) {
		if text, ok := check.Literal(arn); ok && !functionARN.MatchString(text) {
			p.Addf(field, "must be the ARN of a Lambda function, got %q", text)
		}
	})
	p.NoListTokens("LambdaFunctionARNs", props.LambdaFunctionARNs)
	before := len(p.List())
	own := ownStatements(props, jsii.String("123456789012"))
	iam.Validate(p, "RepositoryPolicyStatements", iam.Resource, props.RepositoryPolicyStatements, own...)
	if len(p.List()) > before || props.RepositoryPolicy != nil {
		return
	}
	// What becomes of a token is not known; it counts as nothing.
	text := tokenText.ReplaceAllString(iam.Render(append(own, props.RepositoryPolicyStatements...)...), "")
	if len(text) > maxPolicyBytes {
		p.Addf("RepositoryPolicyStatements", "must make a policy of at most %d bytes, with all principals, got %d", maxPolicyBytes, len(text))
	}
}

func validatePrincipals(p *check.Problems, field string, list []*string) {
	if list != nil && len(list) == 0 {
		p.Addf(field, "must not be empty, got nothing")
	}
	p.Elements(field, list, func(f string, s *string) {
		if text, ok := check.Literal(s); ok && !accountOrARN.MatchString(text) {
			p.Addf(f, "must be an account id or the ARN of a role, user or account, got %q", text)
		}
	})
	p.NoListTokens(field, list)
}
