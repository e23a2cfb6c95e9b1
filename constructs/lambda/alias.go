package lambda

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaalias"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lambdaprovisionedconcurrencyconfig"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Alias is a name for a version of the function.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
type Alias struct {
	// Name has 1 to 128 letters, digits, - and _, not all digits. Required.
	Name string
	// Description is text of at most 256 characters. Default: none.
	Description string
	// FunctionVersion is the version that the alias begins with, "$LATEST" or a
	// number; Terraform does not follow it afterwards. Default: the version of
	// each change is published and the alias follows it.
	FunctionVersion string
	// AdditionalVersionWeights sends a share, from 0 to 1, to one other version.
	// Default: none.
	AdditionalVersionWeights map[string]float64
	// ProvisionedConcurrency keeps this many executions started, at least 1. Not
	// with FunctionVersion "$LATEST". Default: none.
	ProvisionedConcurrency int
}

const (
	latestVersion = "$LATEST"
	maxAliasName  = 128
)

// The API's pattern has a lookahead, which Go's regular expressions do not:
// it is two checks here. https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html
var (
	aliasName     = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	versionNumber = regexp.MustCompile(`^[0-9]+$`)
)

func validateAlias(p *check.Problems, props Props) {
	a := props.Alias
	if a == nil {
		return
	}
	in := p.In("Alias")
	if in.Pattern("Name", a.Name, 1, maxAliasName, aliasName, "letters, digits, - and _") && versionNumber.MatchString(a.Name) {
		in.Addf("Name", "must not be all digits, which would be a version, got %q", a.Name)
	}
	in.Length("Description", a.Description, 0, maxDescription)
	if v := a.FunctionVersion; v != "" && in.Known("FunctionVersion", v) && v != latestVersion && !versionNumber.MatchString(v) {
		in.Addf("FunctionVersion", `must be "$LATEST" or a version's number, got %q`, v)
	}
	validateWeights(in, a)
	if a.ProvisionedConcurrency < 0 {
		in.Addf("ProvisionedConcurrency", "must be 1 or more, got %d", a.ProvisionedConcurrency)
	}
	if a.ProvisionedConcurrency != 0 && a.FunctionVersion == latestVersion {
		in.Addf("ProvisionedConcurrency", "must go with a published version, got FunctionVersion %q", a.FunctionVersion)
	}
	if r := props.ReservedConcurrency; r != nil && *r > unreserved && a.ProvisionedConcurrency > *r {
		in.Addf("ProvisionedConcurrency", "must be at most ReservedConcurrency %d, got %d", *r, a.ProvisionedConcurrency)
	}
}

func validateWeights(p *check.Problems, a *Alias) {
	weights := a.AdditionalVersionWeights
	if len(weights) > 1 {
		p.Addf("AdditionalVersionWeights", "must have one version, got %d", len(weights))
	}
	if len(weights) > 0 && a.FunctionVersion == latestVersion {
		p.Addf("AdditionalVersionWeights", "must go with a published version, got FunctionVersion %q", a.FunctionVersion)
	}
	for _, version := range slices.Sorted(maps.Keys(weights)) {
		field := fmt.Sprintf("AdditionalVersionWeights[%q]", version)
		if p.Known(field, version) && !versionNumber.MatchString(version) {
			p.Addf(field, "must be a version's number, got %q", version)
		}
		p.RangeFloat(field, weights[version], 0, 1)
	}
}

// follows reports whether the alias goes with each published version.
func (a *Alias) follows() bool { return a != nil && a.FunctionVersion == "" }

func (f *Function) addAlias(a *Alias) {
	if a == nil {
		return
	}
	config := &lambdaalias.LambdaAliasConfig{
		Name:            jsii.String(a.Name),
		Description:     optional(a.Description),
		FunctionName:    f.fn.FunctionName(),
		FunctionVersion: f.fn.Version(),
	}
	if !a.follows() {
		// The module's behaviour: whoever moves the alias later is not undone.
		config.FunctionVersion = jsii.String(a.FunctionVersion)
		config.Lifecycle = &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("function_version")}
	}
	if len(a.AdditionalVersionWeights) > 0 {
		weights := make(map[string]*float64, len(a.AdditionalVersionWeights))
		for version, weight := range a.AdditionalVersionWeights {
			if math.IsNaN(weight) || math.IsInf(weight, 0) {
				continue // reported; JSON has no such numbers
			}
			weights[version] = jsii.Number(weight)
		}
		config.RoutingConfig = &lambdaalias.LambdaAliasRoutingConfig{AdditionalVersionWeights: &weights}
	}
	f.alias = lambdaalias.NewLambdaAlias(f, jsii.String("Alias"), config)
	if a.ProvisionedConcurrency > 0 {
		f.provisioned = lambdaprovisionedconcurrencyconfig.NewLambdaProvisionedConcurrencyConfig(f, jsii.String("ProvisionedConcurrency"),
			&lambdaprovisionedconcurrencyconfig.LambdaProvisionedConcurrencyConfigConfig{
				FunctionName:                    f.fn.FunctionName(),
				Qualifier:                       f.alias.Name(),
				ProvisionedConcurrentExecutions: jsii.Number(a.ProvisionedConcurrency),
			})
	}
}
