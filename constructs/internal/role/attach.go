package role

import (
	"regexp"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/awsdata"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// attachments are the managed policies of a role, under one construct node.
type attachments struct {
	node constructs.Construct
	list []iamrolepolicyattachment.IamRolePolicyAttachment
	aws  map[string]bool // AWS's own, by name with path
	ids  map[string]bool
}

// AttachAWS attaches one of AWS's own policies by name with path, once.
func (r *Role) AttachAWS(name string) {
	if r.name == nil {
		return
	}
	a := r.managed()
	if a.aws[name] {
		return
	}
	a.aws[name] = true
	r.attach(lastSegment(name), awsdata.ManagedPolicy(r.owner, name))
}

// Attach attaches managed policies, whose ARNs may be unknown until apply.
func (r *Role) Attach(arns []*string) {
	if r.name == nil {
		return
	}
	for _, arn := range arns {
		if arn == nil || *arn == "" {
			continue // reported by the checks
		}
		if name, ok := awsPolicyName(*arn); ok && r.managed().aws[name] {
			continue // the construct attached it already
		}
		if id := r.attachmentID(*arn); !r.managed().ids[id] {
			r.attach(id, arn)
		}
	}
}

func (r *Role) managed() *attachments {
	if r.attachments == nil {
		r.attachments = &attachments{
			node: constructs.NewConstruct(r.owner, jsii.String("ManagedPolicy")),
			aws:  map[string]bool{},
			ids:  map[string]bool{},
		}
	}
	return r.attachments
}

func (r *Role) attach(id string, arn *string) {
	a := r.managed()
	a.ids[id] = true
	attachment := iamrolepolicyattachment.NewIamRolePolicyAttachment(a.node, jsii.String(id),
		&iamrolepolicyattachment.IamRolePolicyAttachmentConfig{Role: r.name, PolicyArn: arn})
	a.list = append(a.list, attachment)
	r.waits = append(r.waits, attachment)
}

// attachmentID makes the id from what the ARN is: its text when literal, the
// Terraform expression behind it ("${aws_iam_policy.orders.arn}") otherwise.
// The text of a token is a running number, which shifts with every token made
// before it.
func (r *Role) attachmentID(arn string) string {
	if !check.IsToken(arn) {
		return lastSegment(arn) + "-" + check.ShortHash(arn)
	}
	expression, ok := cdktf.Tokenization_Resolve(jsii.String(arn), &cdktf.ResolveOptions{
		Scope:    r.owner,
		Resolver: cdktf.NewDefaultTokenResolver(cdktf.NewStringConcat()),
	}).(string)
	if !ok {
		expression = arn
	}
	return check.ShortHash(expression)
}

var awsPolicy = regexp.MustCompile(`^arn:aws[a-z-]*:iam::aws:policy/(.+)$`)

func awsPolicyName(arn string) (string, bool) {
	if m := awsPolicy.FindStringSubmatch(arn); m != nil {
		return m[1], true
	}
	return "", false
}

func lastSegment(s string) string { return s[strings.LastIndex(s, "/")+1:] }
