package agent

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rules(all ...LifecycleRule) func(p *Props) {
	return func(p *Props) { p.LifecycleRules = all }
}

func raw(rules ...string) func(p *Props) {
	return func(p *Props) { p.LifecyclePolicy = new(`{"rules":[` + strings.Join(rules, ",") + `]}`) }
}

// rawRuleText is a rule as JSON.
func rawRuleText(priority int, selection string) string {
	return `{"rulePriority":` + strconv.Itoa(priority) + `,"selection":{` + selection + `},"action":{"type":"expire"}}`
}

const (
	anyCount    = `"tagStatus":"any","countType":"imageCountMoreThan","countNumber":10`
	untaggedAge = `"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":7`
	taggedCount = `"tagStatus":"tagged","tagPrefixList":["v"],"countType":"imageCountMoreThan","countNumber":10`
)

func TestValidateLifecycleDefault(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "least", change: func(p *Props) { p.MaxImageCount, p.UntaggedImageDays = 1, 1 }},
		{
			name: "less", change: func(p *Props) { p.MaxImageCount, p.UntaggedImageDays = -1, -1 },
			want: []string{"MaxImageCount: must be 1 or more, got -1", "UntaggedImageDays: must be 1 or more, got -1"},
		},
		{name: "disabled", change: func(p *Props) { p.LifecycleDisabled = true }},
		{
			name: "disabled, with the default's numbers", change: func(p *Props) { p.LifecycleDisabled, p.MaxImageCount, p.UntaggedImageDays = true, 3, 3 },
			want: []string{
				"MaxImageCount: must not be set together with LifecycleDisabled, got both",
				"UntaggedImageDays: must not be set together with LifecycleDisabled, got both",
			},
		},
		{
			name: "everything at once", change: func(p *Props) {
				p.LifecycleDisabled, p.MaxImageCount = true, 3
				p.LifecycleRules = []LifecycleRule{{MaxImageCount: 1}}
				raw(rawRuleText(1, anyCount))(p)
			},
			want: []string{
				"LifecyclePolicy: must not be set together with LifecycleRules, got both",
				"MaxImageCount: must not be set together with LifecyclePolicy, got both",
				"MaxImageCount: must not be set together with LifecycleRules, got both",
				"MaxImageCount: must not be set together with LifecycleDisabled, got both",
				"LifecycleDisabled: must not be set together with LifecyclePolicy, got both",
				"LifecycleDisabled: must not be set together with LifecycleRules, got both",
			},
		},
	})
}

func TestValidateLifecycleRules(t *testing.T) {
	t.Parallel()
	tagged := func(priority int, prefix string) LifecycleRule {
		return LifecycleRule{Priority: priority, TagPrefixes: []string{prefix}, MaxImageCount: 1}
	}
	runChanges(t, []change{
		{name: "one", change: rules(LifecycleRule{MaxImageCount: 1})},
		{name: "any first, without priorities", change: rules(LifecycleRule{MaxImageCount: 1}, tagged(0, "v"))},
		{name: "50 rules", change: rules(many(50, func(i int) LifecycleRule { return tagged(i+1, "v"+strconv.Itoa(i)) })...)},
		{
			name: "51 rules", change: rules(many(51, func(i int) LifecycleRule { return tagged(i+1, "v"+strconv.Itoa(i)) })...),
			want: []string{"LifecycleRules: must have at most 50 rules, got 51"},
		},
		{
			name: "empty", change: func(p *Props) { p.LifecycleRules = []LifecycleRule{} },
			want: []string{"LifecycleRules: must not be empty, got no rules: LifecycleDisabled keeps all images"},
		},
		{
			name: "same priority", change: rules(tagged(2, "a"), tagged(1, "b"), tagged(2, "c")),
			want: []string{"LifecycleRules[2].Priority: must not repeat that of LifecycleRules[0], got 2"},
		},
		{
			name: "negative priority", change: rules(tagged(-1, "a")),
			want: []string{"LifecycleRules[0].Priority: must be 1 or more, got -1"},
		},
		{
			name: "some priorities", change: rules(tagged(1, "a"), tagged(0, "b")),
			want: []string{"LifecycleRules: must have a Priority in all rules or in none, got 1 of 2"},
		},
		{name: "any has the highest", change: rules(LifecycleRule{Priority: 9, MaxImageCount: 1}, tagged(8, "a"))},
		{
			name: "any has not the highest", change: rules(LifecycleRule{Priority: 1, MaxImageCount: 1}, tagged(8, "a")),
			want: []string{"LifecycleRules[0].Priority: must be the highest of all rules for any images, got 1 below 8"},
		},
		{
			name: "two of a kind", change: rules(
				LifecycleRule{MaxImageCount: 1}, LifecycleRule{TagStatus: Any, MaxImageAgeDays: 1},
				LifecycleRule{TagStatus: Untagged, MaxImageCount: 1}, LifecycleRule{TagStatus: Untagged, MaxImageAgeDays: 1}),
			want: []string{
				"LifecycleRules[1].TagStatus: must not be any in two rules, got LifecycleRules[0] too",
				"LifecycleRules[3].TagStatus: must not be untagged in two rules, got LifecycleRules[2] too",
			},
		},
		{
			name: "unknown status", change: rules(LifecycleRule{TagStatus: "all", MaxImageCount: 1}),
			want: []string{`LifecycleRules[0].TagStatus: must be "tagged", "untagged" or "any", got "all"`},
		},
		{
			name: "tagged with nothing", change: rules(LifecycleRule{TagStatus: Tagged, MaxImageCount: 1}),
			want: []string{"LifecycleRules[0].TagPrefixes: must be set for tagged images, or TagPatterns, got neither"},
		},
		{
			name: "tagged with both", change: rules(LifecycleRule{TagPrefixes: []string{"a"}, TagPatterns: []string{"b*"}, MaxImageCount: 1}),
			want: []string{"LifecycleRules[0].TagPatterns: must not be set together with TagPrefixes, got both"},
		},
		{
			name: "untagged with tags", change: rules(LifecycleRule{TagStatus: Untagged, TagPrefixes: []string{"a"}, TagPatterns: []string{"b*"}, MaxImageCount: 1}),
			want: []string{
				`LifecycleRules[0].TagPrefixes: must not be set for untagged images, got ["a"]`,
				`LifecycleRules[0].TagPatterns: must not be set for untagged images, got ["b*"]`,
			},
		},
		{name: "four wildcards", change: rules(LifecycleRule{TagPatterns: []string{"*a*b*c*"}, MaxImageCount: 1})},
		{
			name: "five wildcards", change: rules(LifecycleRule{TagPatterns: []string{"x", "*a*b*c*d*"}, MaxImageCount: 1}),
			want: []string{`LifecycleRules[0].TagPatterns[1]: must have at most 4 wildcards, got 5 in "*a*b*c*d*"`},
		},
		{
			name: "selectors with mistakes", change: rules(LifecycleRule{TagPrefixes: []string{"", "a", "a", token}, MaxImageCount: 1}),
			want: []string{
				"LifecycleRules[0].TagPrefixes[0]: must be set, got nothing",
				`LifecycleRules[0].TagPrefixes[2]: must not repeat, got "a" again`,
				"LifecycleRules[0].TagPrefixes[3]: must be known at synth, got a Terraform token",
			},
		},
		{
			name: "counts", change: rules(
				LifecycleRule{TagPrefixes: []string{"a"}}, LifecycleRule{TagPrefixes: []string{"b"}, MaxImageCount: 1, MaxImageAgeDays: 1},
				LifecycleRule{TagPrefixes: []string{"c"}, MaxImageCount: -1}, LifecycleRule{TagPrefixes: []string{"d"}, MaxImageAgeDays: -1}),
			want: []string{
				"LifecycleRules[0].MaxImageCount: must be set, or MaxImageAgeDays, got neither",
				"LifecycleRules[1].MaxImageCount: must not be set together with MaxImageAgeDays, got both",
				"LifecycleRules[2].MaxImageCount: must be 1 or more, got -1",
				"LifecycleRules[3].MaxImageAgeDays: must be 1 or more, got -1",
			},
		},
		{
			name: "too long", change: rules(LifecycleRule{Description: times("a", 30720), MaxImageCount: 1}),
			want: []string{"LifecycleRules: must take at most 30720 bytes as JSON, got 30875"},
		},
	})
}

func TestValidateLifecyclePolicy(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "three rules", change: raw(rawRuleText(3, anyCount), rawRuleText(1, untaggedAge), rawRuleText(2, taggedCount))},
		{name: "to come", change: func(p *Props) { p.LifecyclePolicy = new(token) }},
		{name: "what we do not know", change: raw(rawRuleText(1, `"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":90,"storageClass":"standard"`))},
		{name: "not JSON", change: func(p *Props) { p.LifecyclePolicy = new("rules") }, want: []string{`LifecyclePolicy: must be a JSON object, got "rules": invalid character 'r' looking for beginning of value`}},
		{name: "no rules", change: raw(), want: []string{`LifecyclePolicy: must have "rules", got none`}},
		{
			name: "rules of another type", change: func(p *Props) { p.LifecyclePolicy = new(`{"rules":{}}`) },
			want: []string{"LifecyclePolicy: must be a lifecycle policy, got an error: json: cannot unmarshal object into Go struct field .rules of type []agent.rawRule"},
		},
		{
			name: "too long", change: func(p *Props) { raw(rawRuleText(1, anyCount))(p); *p.LifecyclePolicy += times(" ", 30720) },
			want: []string{"LifecyclePolicy: must take at most 30720 bytes, got 30859"},
		},
		{
			name: "as in the module: any first", change: raw(rawRuleText(1, anyCount), rawRuleText(2, untaggedAge)),
			want: []string{"LifecyclePolicy.rules[0].rulePriority: must be the highest of all rules for any images, got 1 below 2"},
		},
		{
			name: "same priority", change: raw(rawRuleText(1, untaggedAge), rawRuleText(1, taggedCount)),
			want: []string{"LifecyclePolicy.rules[1].rulePriority: must not repeat that of LifecyclePolicy.rules[0], got 1"},
		},
		{
			name: "nothing in a rule", change: raw("{}"),
			want: []string{
				"LifecyclePolicy.rules[0].rulePriority: must be 1 or more, got nothing",
				"LifecyclePolicy.rules[0].selection: must be set, got nothing",
			},
		},
		{
			name: "counts", change: raw(
				rawRuleText(1, `"tagStatus":"untagged","countType":"sinceImagePushed","countNumber":7`),
				rawRuleText(2, `"tagStatus":"any","countType":"imageCountMoreThan","countUnit":"days","countNumber":0`)),
			want: []string{
				`LifecyclePolicy.rules[0].selection.countUnit: must be "days" with countType sinceImagePushed, got nothing`,
				`LifecyclePolicy.rules[1].selection.countUnit: must not be set with countType imageCountMoreThan, got "days"`,
				"LifecyclePolicy.rules[1].selection.countNumber: must be 1 or more, got 0",
			},
		},
		{
			name: "51 rules", change: raw(many(51, func(i int) string {
				return rawRuleText(i+1, strings.ReplaceAll(taggedCount, `"v"`, `"v`+strconv.Itoa(i)+`"`))
			})...),
			want: []string{"LifecyclePolicy.rules: must have at most 50 rules, got 51"},
		},
	})
}

func TestLifecycleOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		rules []LifecycleRule
		want  []string
	}{
		{"default", nil, []string{"1 untagged", "2 any"}},
		{"any goes last", []LifecycleRule{{MaxImageCount: 1}, {TagPrefixes: []string{"b"}}, {TagPrefixes: []string{"a"}}}, []string{"1 tagged b", "2 tagged a", "3 any"}},
		{"by priority", []LifecycleRule{{Priority: 30}, {Priority: 20, TagPrefixes: []string{"b"}}, {Priority: 10, TagStatus: Untagged}}, []string{"10 untagged", "20 tagged b", "30 any"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range resolve(Props{}, stackFolder{}).lifecycleRules(tc.rules) {
				text := strconv.Itoa(r.RulePriority) + " " + string(r.Selection.TagStatus) + " " + strings.Join(r.Selection.TagPrefixList, ",")
				got = append(got, strings.TrimSpace(text))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}
