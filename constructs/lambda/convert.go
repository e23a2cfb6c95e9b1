package lambda

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
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

// pointedAt is the value behind p as an I, nil for a nil p: the interfaces of
// this package are made for values, and take pointers as well.
func pointedAt[I any, T any](p *T) I {
	var none I
	if p == nil {
		return none
	}
	return any(*p).(I)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return jsii.String(s)
}

func texts(list []string) *[]*string {
	if len(list) == 0 {
		return nil
	}
	return jsii.Strings(list...)
}

func list(values []*string) *[]*string {
	if len(values) == 0 {
		return nil
	}
	return required(values)
}

// required is list for a field that cdktf wants even when it is empty.
func required(values []*string) *[]*string {
	all := make([]*string, len(values))
	for i, v := range values {
		all[i] = text(v)
	}
	return &all
}

func count(n int) *float64 {
	if n == 0 {
		return nil
	}
	return jsii.Number(n)
}

func seconds(d time.Duration) *float64 { return jsii.Number(d.Seconds()) }

func secondsOrNil(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	return seconds(d)
}

func dependsOn[D cdktf.ITerraformDependable](dependencies ...D) *[]cdktf.ITerraformDependable {
	if len(dependencies) == 0 {
		return nil
	}
	all := make([]cdktf.ITerraformDependable, len(dependencies))
	for i, d := range dependencies {
		all[i] = d
	}
	return &all
}

func jsonText(v any) *string {
	b, err := check.MarshalJSON(v)
	if err != nil {
		panic("lambda: a value made here did not marshal: " + err.Error())
	}
	return jsii.String(string(b))
}

var notStackName = regexp.MustCompile(`[^a-zA-Z0-9-]+`)

// stackName is a name that CloudFormation takes: it begins with a letter and
// has letters, digits and - only.
func stackName(function string) string {
	name := strings.Trim(notStackName.ReplaceAllString(function, "-"), "-")
	if name != function || name == "" || (name[0] >= '0' && name[0] <= '9') {
		name = "fn-" + name + "-" + check.ShortHash(function)
	}
	return check.FitName(name, "-url-permission", maxStackName)
}
