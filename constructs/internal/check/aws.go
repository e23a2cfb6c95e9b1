package check

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// retentionDays is the set that CloudWatch Logs takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentionDays = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// RetentionForever stands for "never expire", for which Terraform writes 0.
const RetentionForever = -1

// Retention records a problem when days is not a retention that CloudWatch Logs takes.
func (p *Problems) Retention(field string, days int) {
	if days == RetentionForever || slices.Contains(retentionDays, days) {
		return
	}
	words := make([]string, 0, len(retentionDays)+1)
	for _, d := range retentionDays {
		words = append(words, strconv.Itoa(d))
	}
	p.Addf(field, "must be %s, got %d", alternatives(append(words, "RetainForever")), days)
}

// arnPattern is the general form: arn:partition:service:region:account:resource.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]*|aws):(\S+)$`)

// ARN records a problem when s is a literal that is not an ARN of one of the
// services; no service means any.
func (p *Problems) ARN(field string, s *string, services ...string) bool {
	text, ok := Literal(s)
	if !ok {
		return true
	}
	m := arnPattern.FindStringSubmatch(text)
	if m == nil || (len(services) > 0 && !slices.Contains(services, m[1])) {
		p.Addf(field, "must be an ARN%s, got %q", ofServices(services), text)
		return false
	}
	return true
}

// Roles and policies, AWS's own among them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
var (
	roleARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+$`)
	policyARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[!-~]+$`)
)

// RoleARN records a problem when s is a literal that is not the ARN of a role.
func (p *Problems) RoleARN(field string, s *string) {
	if text, ok := Literal(s); ok && !roleARN.MatchString(text) {
		p.Addf(field, "must be the ARN of an IAM role, got %q", text)
	}
}

// PolicyARN records a problem when s is a literal that is not the ARN of a
// managed policy.
func (p *Problems) PolicyARN(field string, s *string) {
	if text, ok := Literal(s); ok && !policyARN.MatchString(text) {
		p.Addf(field, "must be the ARN of a managed policy, got %q", text)
	}
}

func ofServices(services []string) string {
	if len(services) == 0 {
		return ""
	}
	return " of " + alternatives(services)
}

// Elements checks each element of a list: set, not a token of a whole list,
// not repeated, then whatever each says.
func (p *Problems) Elements(field string, list []*string, each func(field string, s *string)) {
	seen := make(map[string]int, len(list))
	for i, s := range list {
		f := index(field, i)
		if !p.RequiredValue(f, s) {
			continue
		}
		if first, again := seen[*s]; again {
			p.Addf(f, "must not repeat %s, got %s", index(field, first), Shown(s))
			continue
		}
		seen[*s] = i
		if each != nil {
			each(f, s)
		}
	}
}

// NoListTokens records a problem for an element that stands for a whole list:
// one Terraform resource is made for each element, so their number has to be
// known at synth.
func (p *Problems) NoListTokens(field string, list []*string) {
	for i, s := range list {
		if s != nil && IsListToken(*s) {
			p.Addf(index(field, i), "must be one value, got a token for a whole list")
		}
	}
}

// Tag limits. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// Tags records a problem for each tag that AWS would refuse. own is the number
// of tags that the construct adds to the user's.
func (p *Problems) Tags(field string, tags map[string]*string, own int) {
	if n := len(tags); n > maxTags-own {
		p.Addf(field, "must have at most %d tags, %d of AWS's %d being the construct's own, got %d", maxTags-own, own, maxTags, n)
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		f := key(field, k)
		switch n := utf8.RuneCountInString(k); {
		case IsToken(k):
			p.Addf(f, "must have a key known at synth, got a Terraform token")
		case n < 1 || n > maxTagKey:
			p.Addf(f, "must have a key of 1 to %d characters, got %d", maxTagKey, n)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			p.Addf(f, "must not begin with aws:, which is AWS's own, got %q", k)
		}
		if tags[k] == nil {
			p.Addf(f, "must have a value, got nothing")
		} else if v, ok := Literal(tags[k]); ok && utf8.RuneCountInString(v) > maxTagValue {
			p.Addf(f, "must have a value of at most %d characters, got %d", maxTagValue, utf8.RuneCountInString(v))
		}
	}
}

// rolePath and the names of roles and policies.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
var (
	rolePath = regexp.MustCompile(`^/([!-~]+/)?$`)
	roleName = regexp.MustCompile(`^[\w+=,.@-]+$`)
)

// MaxRoleName is the length of an IAM role's name.
const MaxRoleName = 64

// RolePath records a problem when s is not a path of IAM.
func (p *Problems) RolePath(field, s string) {
	p.Pattern(field, s, 1, 512, rolePath, "a path that begins and ends with /")
}

// RoleName records a problem when s is not a role's name.
func (p *Problems) RoleName(field, s string) {
	p.Pattern(field, s, 1, MaxRoleName, roleName, "letters, digits and +=,.@_-")
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// AccountID records a problem when s is a literal that is not an account's id.
func (p *Problems) AccountID(field string, s *string) {
	if text, ok := Literal(s); ok && !accountID.MatchString(text) {
		p.Addf(field, "must be an account id of 12 digits, got %q", text)
	}
}
