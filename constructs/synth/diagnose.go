package synth

import (
	"regexp"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// diagnose finds what cdktf did not come to say because of an exception: the
// error annotations of all constructs.
func diagnose(app cdktf.App) []Problem {
	var found []Problem
	// Another exception ends the search; what was found is shown all the same.
	_ = attempt(func() {
		for _, c := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
			node := c.Node()
			for _, entry := range *node.Metadata() {
				if message, ok := entry.Data.(string); ok && *entry.Type == levelError {
					found = append(found, Problem{Path: *node.Path(), Message: message})
				}
			}
		}
	})
	return found
}

// validate asks every stack for what its validations find; cdktf throws at the
// first stack that has a finding. It reports whether all findings are among the
// problems.
func validate(app cdktf.App) (found []Problem, complete bool) {
	complete = true
	_ = attempt(func() { // as above
		for _, c := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
			if !*cdktf.TerraformStack_IsStack(c) {
				continue
			}
			err := attempt(cdktf.TerraformStack_Of(c).RunAllValidations)
			if err == nil {
				continue
			}
			problems, ok := parseValidation(err.Error())
			found = append(found, problems...)
			complete = complete && ok
		}
	})
	return found, complete && len(found) > 0
}

var (
	validationHeader = regexp.MustCompile(`^Validation failed with the following errors:\n`)
	validationAdvice = regexp.MustCompile(`\n\s*If you wish to ignore these validations,[^\n]*\s*$`)
	validationPath   = regexp.MustCompile(`(?m)^  \[([^\]\n]*)\] `)
)

// parseValidation reads cdktf's list of what a stack's validations found.
func parseValidation(text string) ([]Problem, bool) {
	if !validationHeader.MatchString(text) {
		return nil, false
	}
	text = validationHeader.ReplaceAllString(text, "")
	text = validationAdvice.ReplaceAllString(text, "")
	starts := validationPath.FindAllStringSubmatchIndex(text, -1)
	var found []Problem
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		found = append(found, Problem{Path: text[at[2]:at[3]], Message: strings.TrimSpace(text[at[1]:end])})
	}
	return found, len(found) > 0
}

// attempt runs f, which is about to call into an app that already failed.
func attempt(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if err = exceptionOf(r); err == nil {
				panic(r)
			}
		}
	}()
	f()
	return nil
}
