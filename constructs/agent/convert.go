package agent

import (
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// What Go writes as a plain value and cdktf takes as a pointer, where nil means
// "not set".

// text never returns nil: cdktf panics on a missing required field, and the
// mistake is on its way to the user already.
func text(s *string) *string {
	if s == nil {
		return jsii.String("")
	}
	return s
}

// plain are the values of a list, nil left out: it is reported.
func plain(list []*string) []*string {
	out := make([]*string, 0, len(list))
	for _, s := range list {
		if s != nil && *s != "" {
			out = append(out, s)
		}
	}
	return out
}

func dependsOn(all []cdktf.ITerraformDependable) *[]cdktf.ITerraformDependable {
	if len(all) == 0 {
		return nil
	}
	return &all
}

// words are the texts of a list of enums.
func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// verbatim is a text that Terraform shall not take for a template.
// https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1
func verbatim(s string) *string {
	return jsii.String(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s))
}
