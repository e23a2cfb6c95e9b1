package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecrlifecyclepolicy"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// LifecycleRule says which images expire. Exactly one of MaxImageCount and
// MaxImageAgeDays is set. An image falls to the rule with the lowest priority
// that selects it.
type LifecycleRule struct {
	// Priority is the rule's place: 1 or more, the lowest goes first. Set for all
	// rules of a list or for none. Default: the rule's place in the list, Any last.
	Priority int
	// Description says what the rule is for. Default: none.
	Description string
	// TagStatus selects Tagged images, with TagPrefixes or TagPatterns, Untagged
	// ones, or Any that no other rule selects. At most one rule is Untagged and
	// one Any, which goes last. Default: Tagged with prefixes or patterns, else Any.
	TagStatus TagStatus
	// TagPrefixes select images that have a tag with each of these beginnings.
	// Default: none.
	TagPrefixes []string
	// TagPatterns select images that have a tag for each of these patterns, in
	// which * stands for any text, at most four times. Default: none.
	TagPatterns []string
	// MaxImageCount keeps the newest images: 1 or more.
	MaxImageCount int
	// MaxImageAgeDays keeps images for days after their push: 1 or more.
	MaxImageAgeDays int
}

// Limits and grammar of lifecycle policies.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
const (
	maxLifecycleRules = 50
	maxLifecycleBytes = 30720
	maxWildcards      = 4
)

// lifecycleRule is a rule in the words of ECR.
type lifecycleRule struct {
	RulePriority int       `json:"rulePriority"`
	Description  string    `json:"description,omitempty"`
	Selection    selection `json:"selection"`
	Action       action    `json:"action"`
}

type selection struct {
	TagStatus      TagStatus `json:"tagStatus"`
	TagPrefixList  []string  `json:"tagPrefixList,omitempty"`
	TagPatternList []string  `json:"tagPatternList,omitempty"`
	CountType      string    `json:"countType"`
	CountUnit      string    `json:"countUnit,omitempty"`
	CountNumber    int       `json:"countNumber"`
}

type action struct {
	Type string `json:"type"`
}

const (
	byCount = "imageCountMoreThan"
	byAge   = "sinceImagePushed"
)

// addLifecycle defines the lifecycle policy; it waits for nothing but the
// repository.
func (a *Agent) addLifecycle(props Props) {
	if a.repository == nil || props.LifecycleDisabled {
		return
	}
	policy := props.LifecyclePolicy
	if policy == nil {
		policy = jsii.String(lifecycleText(a.settings.lifecycleRules(props.LifecycleRules)))
	}
	a.lifecycle = ecrlifecyclepolicy.NewEcrLifecyclePolicy(a, jsii.String("LifecyclePolicy"), &ecrlifecyclepolicy.EcrLifecyclePolicyConfig{
		Repository: a.repository.Name(),
		Policy:     policy,
	})
}

// lifecycleRules are the rules in the order of their priority, the default's
// where there are none.
func (s settings) lifecycleRules(rules []LifecycleRule) []lifecycleRule {
	if rules == nil {
		days, count := s.untagged, s.maxImages
		rules = []LifecycleRule{
			{Description: fmt.Sprintf("Remove untagged images after %d days", days), TagStatus: Untagged, MaxImageAgeDays: days},
			{Description: fmt.Sprintf("Keep last %d images", count), TagStatus: Any, MaxImageCount: count},
		}
	}
	out := make([]lifecycleRule, len(rules))
	for i, r := range rules {
		out[i] = r.inWordsOfECR()
	}
	slices.SortStableFunc(out, func(a, b lifecycleRule) int {
		if a.RulePriority == 0 && b.RulePriority == 0 {
			return rank(a) - rank(b)
		}
		return cmp.Compare(a.RulePriority, b.RulePriority)
	})
	for i := range out {
		if out[i].RulePriority == 0 {
			out[i].RulePriority = i + 1
		}
	}
	return out
}

func rank(r lifecycleRule) int {
	if r.Selection.TagStatus == Any {
		return 1
	}
	return 0
}

func (r LifecycleRule) status() TagStatus {
	switch {
	case r.TagStatus != "":
		return r.TagStatus
	case len(r.TagPrefixes)+len(r.TagPatterns) > 0:
		return Tagged
	default:
		return Any
	}
}

func (r LifecycleRule) inWordsOfECR() lifecycleRule {
	out := lifecycleRule{
		RulePriority: r.Priority,
		Description:  r.Description,
		Selection:    selection{TagStatus: r.status(), TagPrefixList: r.TagPrefixes, TagPatternList: r.TagPatterns},
		Action:       action{Type: "expire"},
	}
	if r.MaxImageAgeDays != 0 {
		out.Selection.CountType, out.Selection.CountUnit, out.Selection.CountNumber = byAge, "days", r.MaxImageAgeDays
	} else {
		out.Selection.CountType, out.Selection.CountNumber = byCount, r.MaxImageCount
	}
	return out
}

func lifecycleText(rules []lifecycleRule) string {
	text, err := check.MarshalJSON(struct {
		Rules []lifecycleRule `json:"rules"`
	}{rules})
	if err != nil {
		panic("agent: a lifecycle policy of strings did not marshal: " + err.Error())
	}
	return string(text)
}

func validateLifecycle(p *check.Problems, props Props, s settings) {
	p.Exclusive("LifecyclePolicy", "LifecycleRules", props.LifecyclePolicy != nil && props.LifecycleRules != nil)
	for _, set := range []struct {
		field string
		set   bool
	}{
		{"MaxImageCount", props.MaxImageCount != 0},
		{"UntaggedImageDays", props.UntaggedImageDays != 0},
	} {
		p.Exclusive(set.field, "LifecyclePolicy", set.set && props.LifecyclePolicy != nil)
		p.Exclusive(set.field, "LifecycleRules", set.set && props.LifecycleRules != nil)
		p.Exclusive(set.field, "LifecycleDisabled", set.set && props.LifecycleDisabled)
	}
	p.Exclusive("LifecycleDisabled", "LifecyclePolicy", props.LifecycleDisabled && props.LifecyclePolicy != nil)
	p.Exclusive("LifecycleDisabled", "LifecycleRules", props.LifecycleDisabled && props.LifecycleRules != nil)
	if s.maxImages < 1 {
		p.Addf("MaxImageCount", "must be 1 or more, got %d", s.maxImages)
	}
	if s.untagged < 1 {
		p.Addf("UntaggedImageDays", "must be 1 or more, got %d", s.untagged)
	}
	if props.LifecycleRules != nil {
		validateRules(p, props.LifecycleRules, s)
	}
	validateLifecycleText(p, props.LifecyclePolicy)
}

// validateRules checks rules that were given as such.
func validateRules(p *check.Problems, rules []LifecycleRule, s settings) {
	const field = "LifecycleRules"
	if len(rules) == 0 {
		p.Addf(field, "must not be empty, got no rules: LifecycleDisabled keeps all images")
		return
	}
	numbered := 0
	checks := newRuleChecks(p, field, len(rules))
	for i, r := range rules {
		in := p.At(field, i)
		in.Known("Description", r.Description)
		switch {
		case r.MaxImageCount != 0 && r.MaxImageAgeDays != 0:
			in.Addf("MaxImageCount", "must not be set together with MaxImageAgeDays, got both")
		case r.MaxImageCount == 0 && r.MaxImageAgeDays == 0:
			in.Addf("MaxImageCount", "must be set, or MaxImageAgeDays, got neither")
		case r.MaxImageCount < 0:
			in.Addf("MaxImageCount", "must be 1 or more, got %d", r.MaxImageCount)
		case r.MaxImageAgeDays < 0:
			in.Addf("MaxImageAgeDays", "must be 1 or more, got %d", r.MaxImageAgeDays)
		}
		if r.Priority != 0 {
			numbered++
		}
		checks.rule(i, r.inWordsOfECR(), ruleNames{"Priority", "TagStatus", "TagPrefixes", "TagPatterns"})
	}
	if numbered != 0 && numbered != len(rules) {
		p.Addf(field, "must have a Priority in all rules or in none, got %d of %d", numbered, len(rules))
	} else {
		checks.anyLast("Priority")
	}
	if n := len(lifecycleText(s.lifecycleRules(rules))); n > maxLifecycleBytes {
		p.Addf(field, "must take at most %d bytes as JSON, got %d", maxLifecycleBytes, n)
	}
}

// ruleNames are what the fields of a rule are called where it was written.
type ruleNames struct{ priority, status, prefixes, patterns string }

// ruleChecks are the checks of a list of rules, however it was written.
type ruleChecks struct {
	p        *check.Problems
	field    string
	priority map[int]int // by priority, the rule that has it
	status   map[TagStatus]int
	any      *anyRule
	highest  int
}

type anyRule struct{ index, priority int }

func newRuleChecks(p *check.Problems, field string, n int) *ruleChecks {
	if n > maxLifecycleRules {
		p.Addf(field, "must have at most %d rules, got %d", maxLifecycleRules, n)
	}
	return &ruleChecks{p: p, field: field, priority: map[int]int{}, status: map[TagStatus]int{}}
}

func (c *ruleChecks) rule(i int, r lifecycleRule, names ruleNames) {
	in := c.p.At(c.field, i)
	if first, again := c.priority[r.RulePriority]; again && r.RulePriority != 0 {
		in.Addf(names.priority, "must not repeat that of %s[%d], got %d", c.field, first, r.RulePriority)
	} else if r.RulePriority < 0 {
		in.Addf(names.priority, "must be 1 or more, got %d", r.RulePriority)
	} else {
		c.priority[r.RulePriority] = i
	}
	c.highest = max(c.highest, r.RulePriority)

	status := r.Selection.TagStatus
	if !check.OneOf(in, names.status, status, Tagged, Untagged, Any) {
		return
	}
	if status == Any && c.any == nil {
		c.any = &anyRule{i, r.RulePriority}
	}
	prefixes, patterns := r.Selection.TagPrefixList, r.Selection.TagPatternList
	if status == Tagged {
		in.Exclusive(names.patterns, names.prefixes, len(prefixes) > 0 && len(patterns) > 0)
		if len(prefixes)+len(patterns) == 0 {
			in.Addf(names.prefixes, "must be set for tagged images, or %s, got neither", names.patterns)
		}
		checkSelectors(in, names.prefixes, prefixes)
		checkSelectors(in, names.patterns, patterns)
		return
	}
	if first, again := c.status[status]; again {
		in.Addf(names.status, "must not be %s in two rules, got %s[%d] too", status, c.field, first)
	} else {
		c.status[status] = i
	}
	for _, list := range []struct {
		field string
		words []string
	}{{names.prefixes, prefixes}, {names.patterns, patterns}} {
		if len(list.words) > 0 {
			in.Addf(list.field, "must not be set for %s images, got %q", status, list.words)
		}
	}
}

// anyLast checks that no rule comes after the one for any images.
func (c *ruleChecks) anyLast(priority string) {
	if c.any != nil && c.any.priority < c.highest {
		c.p.At(c.field, c.any.index).Addf(priority, "must be the highest of all rules for any images, got %d below %d", c.any.priority, c.highest)
	}
}

func checkSelectors(p *check.Problems, field string, list []string) {
	seen := map[string]bool{}
	for i, s := range list {
		f := fmt.Sprintf("%s[%d]", field, i)
		if !p.Required(f, s) || !p.Known(f, s) {
			continue
		}
		if n := strings.Count(s, "*"); n > maxWildcards {
			p.Addf(f, "must have at most %d wildcards, got %d in %q", maxWildcards, n, s)
		}
		if seen[s] {
			p.Addf(f, "must not repeat, got %q again", s)
		}
		seen[s] = true
	}
}

// rawRule is a rule of a policy that was given as JSON. What this package does
// not know is not judged: ECR learns new rules.
type rawRule struct {
	RulePriority *int `json:"rulePriority"`
	Description  string
	Selection    *struct {
		TagStatus      TagStatus
		TagPrefixList  []string
		TagPatternList []string
		CountType      string
		CountUnit      *string
		CountNumber    *int
	}
}

// validateLifecycleText checks a policy that was given as JSON.
func validateLifecycleText(p *check.Problems, policy *string) {
	const field = "LifecyclePolicy"
	text, ok := check.Literal(policy)
	if !ok {
		return
	}
	before := len(p.List())
	p.JSON(field, policy)
	if len(p.List()) > before {
		return
	}
	if len(text) > maxLifecycleBytes {
		p.Addf(field, "must take at most %d bytes, got %d", maxLifecycleBytes, len(text))
	}
	var document struct {
		Rules []rawRule `json:"rules"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		p.Addf(field, "must be a lifecycle policy, got an error: %v", err)
		return
	}
	if len(document.Rules) == 0 {
		p.Addf(field, `must have "rules", got none`)
		return
	}
	checks := newRuleChecks(p, field+".rules", len(document.Rules))
	for i, r := range document.Rules {
		in := p.At(field+".rules", i)
		if r.RulePriority == nil || *r.RulePriority == 0 {
			in.Addf("rulePriority", "must be 1 or more, got nothing")
			r.RulePriority = new(int)
		}
		if r.Selection == nil {
			in.Addf("selection", "must be set, got nothing")
			continue
		}
		s := *r.Selection
		checks.rule(i, lifecycleRule{
			RulePriority: *r.RulePriority,
			Selection:    selection{TagStatus: s.TagStatus, TagPrefixList: s.TagPrefixList, TagPatternList: s.TagPatternList},
		}, ruleNames{"rulePriority", "selection.tagStatus", "selection.tagPrefixList", "selection.tagPatternList"})
		switch {
		case s.CountType == byAge && (s.CountUnit == nil || *s.CountUnit != "days"):
			in.Addf("selection.countUnit", `must be "days" with countType %s, got %s`, byAge, check.Shown(s.CountUnit))
		case s.CountType == byCount && s.CountUnit != nil:
			in.Addf("selection.countUnit", "must not be set with countType %s, got %q", byCount, *s.CountUnit)
		}
		if s.CountNumber == nil || *s.CountNumber < 1 {
			got := "nothing"
			if s.CountNumber != nil {
				got = strconv.Itoa(*s.CountNumber)
			}
			in.Addf("selection.countNumber", "must be 1 or more, got %s", got)
		}
	}
	checks.anyLast("rulePriority")
}
