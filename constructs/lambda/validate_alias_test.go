package lambda

import (
	"math"
	"testing"
)

func alias(a Alias) func(p *Props) {
	return func(p *Props) {
		if a.Name == "" {
			a.Name = "live"
		}
		p.Alias = &a
	}
}

func TestValidateAlias(t *testing.T) {
	t.Parallel()
	const characters = "Alias.Name: must be letters, digits, - and _, got "
	version := `Alias.FunctionVersion: must be "$LATEST" or a version's number, got `
	runChanges(t, []change{
		{name: "one character", change: alias(Alias{Name: "a"})},
		{name: "128 characters", change: alias(Alias{Name: times("a", 128)})},
		{
			name: "129 characters", change: alias(Alias{Name: times("a", 129)}),
			want: []string{`Alias.Name: must have 1 to 128 characters, got 129 in "` + times("a", 60) + `"…`},
		},
		{name: "no name", change: func(p *Props) { p.Alias = &Alias{} }, want: []string{"Alias.Name: must be set, got nothing"}},
		{name: "every kind of character", change: alias(Alias{Name: "Az09-_"})},
		{name: "digits and a letter", change: alias(Alias{Name: "1a"})},
		{name: "digits and a hyphen", change: alias(Alias{Name: "2027-01"})},
		{name: "all digits", change: alias(Alias{Name: "12"}), want: []string{`Alias.Name: must not be all digits, which would be a version, got "12"`}},
		{name: "$LATEST", change: alias(Alias{Name: "$LATEST"}), want: []string{characters + `"$LATEST"`}},
		{name: "dot", change: alias(Alias{Name: "v1.0"}), want: []string{characters + `"v1.0"`}},
		{name: "token", change: alias(Alias{Name: token}), want: []string{"Alias.Name: must be known at synth, got a Terraform token"}},
		{name: "description of 256 characters", change: alias(Alias{Description: times("a", 256)})},
		{
			name: "description of 257 characters", change: alias(Alias{Description: times("a", 257)}),
			want: []string{"Alias.Description: must have 0 to 256 characters, got 257"},
		},
		{name: "latest version", change: alias(Alias{FunctionVersion: "$LATEST"})},
		{name: "version's number", change: alias(Alias{FunctionVersion: "12"})},
		{name: "other version", change: alias(Alias{FunctionVersion: "latest"}), want: []string{version + `"latest"`}},
		{name: "negative version", change: alias(Alias{FunctionVersion: "-1"}), want: []string{version + `"-1"`}},
		{
			name: "version not known", change: alias(Alias{FunctionVersion: token}),
			want: []string{"Alias.FunctionVersion: must be known at synth, got a Terraform token"},
		},
	})
}

func TestValidateWeights(t *testing.T) {
	t.Parallel()
	weigh := func(version string, weight float64) func(p *Props) {
		return alias(Alias{AdditionalVersionWeights: map[string]float64{version: weight}})
	}
	outside := func(weight string) []string {
		return []string{`Alias.AdditionalVersionWeights["1"]: must be from 0 to 1, got ` + weight}
	}
	runChanges(t, []change{
		{name: "0", change: weigh("1", 0)},
		{name: "1", change: weigh("1", 1)},
		{name: "half", change: weigh("1", 0.5)},
		{name: "over 1", change: weigh("1", 1.01), want: outside("1.01")},
		{name: "under 0", change: weigh("1", -0.01), want: outside("-0.01")},
		{name: "no number", change: weigh("1", math.NaN()), want: outside("NaN")},
		{name: "infinite", change: weigh("1", math.Inf(1)), want: outside("+Inf")},
		{
			name: "latest version", change: weigh("$LATEST", 0.5),
			want: []string{`Alias.AdditionalVersionWeights["$LATEST"]: must be a version's number, got "$LATEST"`},
		},
		{
			name: "version not known", change: weigh(token, 0.5),
			want: []string{`Alias.AdditionalVersionWeights["` + token + `"]: must be known at synth, got a Terraform token`},
		},
		{
			name: "two versions", change: alias(Alias{AdditionalVersionWeights: map[string]float64{"1": 0.1, "2": 0.1}}),
			want: []string{"Alias.AdditionalVersionWeights: must have one version, got 2"},
		},
		{
			name: "beside a version", change: alias(Alias{FunctionVersion: "3", AdditionalVersionWeights: map[string]float64{"1": 0.1}}),
		},
		{
			name: "beside the latest", change: alias(Alias{FunctionVersion: "$LATEST", AdditionalVersionWeights: map[string]float64{"1": 0.1}}),
			want: []string{`Alias.AdditionalVersionWeights: must go with a published version, got FunctionVersion "$LATEST"`},
		},
	})
}

func TestValidateProvisionedConcurrency(t *testing.T) {
	t.Parallel()
	provisioned := func(n int, reserved *int) func(p *Props) {
		return func(p *Props) {
			alias(Alias{ProvisionedConcurrency: n})(p)
			p.ReservedConcurrency = reserved
		}
	}
	runChanges(t, []change{
		{name: "1", change: provisioned(1, nil)},
		{name: "-1", change: provisioned(-1, nil), want: []string{"Alias.ProvisionedConcurrency: must be 1 or more, got -1"}},
		{name: "as many as reserved", change: provisioned(10, new(10))},
		{name: "more than reserved", change: provisioned(11, new(10)), want: []string{"Alias.ProvisionedConcurrency: must be at most ReservedConcurrency 10, got 11"}},
		{name: "of a stopped function", change: provisioned(1, new(0)), want: []string{"Alias.ProvisionedConcurrency: must be at most ReservedConcurrency 0, got 1"}},
		{name: "of an unreserved function", change: provisioned(1, new(-1))},
		{name: "on a version", change: alias(Alias{FunctionVersion: "3", ProvisionedConcurrency: 1})},
		{
			name: "on the latest", change: alias(Alias{FunctionVersion: "$LATEST", ProvisionedConcurrency: 1}),
			want: []string{`Alias.ProvisionedConcurrency: must go with a published version, got FunctionVersion "$LATEST"`},
		},
	})
}

func TestValidateSnapStart(t *testing.T) {
	t.Parallel()
	snap := func(runtime Runtime) func(p *Props) {
		return func(p *Props) { p.SnapStart, p.Runtime = true, runtime }
	}
	var cases []change
	for _, runtime := range []Runtime{"java11", Java17, Java21, "java25", Python312, Python313, "python3.14", DotNet8, "dotnet10"} {
		cases = append(cases, change{name: string(runtime), change: snap(runtime)})
	}
	for _, runtime := range []Runtime{"java8.al2", "python3.9", Python311, "dotnet6", NodeJS22, Ruby34, ProvidedAL2023} {
		cases = append(cases, change{
			name: string(runtime), change: snap(runtime),
			want: []string{`SnapStart: must go with java11, python3.12, dotnet8 or a later runtime, got "` + string(runtime) + `"`},
		})
	}
	runChanges(t, append(cases,
		change{
			name: "image", change: func(p *Props) {
				p.SnapStart, p.Code, p.Handler, p.Runtime = true, Image{URI: new("registry.example/a:1")}, "", ""
			},
			want: []string{"SnapStart: must not be set for a container image, got true"},
		},
		change{name: "512 MiB of storage", change: func(p *Props) { p.SnapStart, p.EphemeralStorageMiB = true, 512 }},
		change{
			name: "513 MiB of storage", change: func(p *Props) { p.SnapStart, p.EphemeralStorageMiB = true, 513 },
			want: []string{"SnapStart: must go with EphemeralStorageMiB of 512, got 513"},
		},
		change{name: "with an alias", change: func(p *Props) { alias(Alias{})(p); p.SnapStart = true }},
		change{
			name: "with provisioned concurrency", change: func(p *Props) { alias(Alias{ProvisionedConcurrency: 1})(p); p.SnapStart = true },
			want: []string{"SnapStart: must not be set together with Alias.ProvisionedConcurrency, got both"},
		},
		change{
			name: "with a file system", change: func(p *Props) {
				p.SnapStart = true
				p.VPC = &VPC{SubnetIDs: many(1, subnet), SecurityGroupIDs: many(1, group)}
				p.FileSystem = &FileSystem{AccessPointARN: new(accessPointARN), MountPath: "/mnt/a"}
			},
			want: []string{"SnapStart: must not be set together with FileSystem, got both"},
		},
	))
}
