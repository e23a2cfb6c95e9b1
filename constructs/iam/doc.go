// Package iam holds the typed statements of IAM policies that the constructs
// take and make, and renders them as one deterministic JSON document.
//
//	doc, err := iam.Document(iam.Statement{
//		Actions:   []string{"dynamodb:GetItem", "dynamodb:PutItem"},
//		Resources: []*string{table.Arn()},
//	})
//
// A resource, a principal or a condition's value may be a Terraform token; it is
// passed through. IAM's own variables, which look like one, take a second
// dollar: "$${aws:username}". Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
//
// The package makes text: roles and attachments belong to the constructs.
package iam
