package agent

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

const (
	minName = 2
	maxName = 256
	maxTag  = 128
)

var (
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
	repositoryName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
	tagText      = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	registryHost = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
	servicePoint = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

	platforms = []Platform{LinuxAMD64, LinuxARM64}
)

// validate records every mistake in the props, but for those of the source, in
// the order of their fields.
func validate(p *check.Problems, props Props, s settings) {
	p.Pattern("Name", props.Name, minName, maxName, repositoryName,
		`lower-case letters and digits, in parts joined by ".", "_", "__", hyphens or "/"`)
	validateExisting(p, props)
	validateBuild(p, props, s)
	validateTags(p, props, s)
	check.OneOf(p, "ImageTagMutability", s.mutability, Immutable, Mutable)
	if check.OneOf(p, "EncryptionType", s.encryption, AES256, KMS, KMSDSSE) && s.encryption == AES256 && props.KMSKeyARN != nil {
		p.Addf("KMSKeyARN", "must go with EncryptionType KMS or KMS_DSSE, got AES256")
	}
	p.ARN("KMSKeyARN", props.KMSKeyARN, "kms")
	validateLifecycle(p, props, s)
	validatePolicy(p, props)
	validateLogs(p, props, s)
	validateRole(p, props, s)
	p.Tags("Tags", props.Tags, 1)
}

// validateExisting refuses what would change a repository made elsewhere.
func validateExisting(p *check.Problems, props Props) {
	if !props.ExistingRepository {
		return
	}
	for _, own := range []struct {
		field string
		set   bool
	}{
		{"ScanOnPushDisabled", props.ScanOnPushDisabled},
		{"EncryptionType", props.EncryptionType != ""},
		{"KMSKeyARN", props.KMSKeyARN != nil},
		{"ForceDelete", props.ForceDelete},
		{"LifecyclePolicy", props.LifecyclePolicy != nil},
		{"LifecycleRules", props.LifecycleRules != nil},
		{"LifecycleDisabled", props.LifecycleDisabled},
		{"MaxImageCount", props.MaxImageCount != 0},
		{"UntaggedImageDays", props.UntaggedImageDays != 0},
		{"LambdaFunctionARNs", props.LambdaFunctionARNs != nil},
		{"RepositoryPolicy", props.RepositoryPolicy != nil},
		{"RepositoryPolicyStatements", props.RepositoryPolicyStatements != nil},
		{"PullPrincipals", props.PullPrincipals != nil},
		{"PullOrganizationIDs", props.PullOrganizationIDs != nil},
		{"PushPrincipals", props.PushPrincipals != nil},
	} {
		p.Exclusive(own.field, "ExistingRepository", own.set)
	}
}

func validateBuild(p *check.Problems, props Props, s settings) {
	if s.source == nil && !props.BuildDisabled {
		p.Addf("Source", "must be Dockerfile or GoPackage, got nothing: BuildDisabled is for an image that somebody else pushes")
	}
	p.Exclusive("ForceRebuild", "BuildDisabled", props.ForceRebuild && props.BuildDisabled)
	if _, docker := s.source.(Dockerfile); docker && props.ForceRebuild && s.mutability == Immutable {
		p.Addf("ForceRebuild", "must go with ImageTagMutability MUTABLE for a Dockerfile: the same tag is pushed again, got IMMUTABLE")
	}
	if host, ok := check.Literal(props.ECRRegistry); ok && p.Required("ECRRegistry", host) {
		p.Pattern("ECRRegistry", host, 1, maxName, registryHost, `the name of a host, with ":" and a port or without`)
	}
	seen := map[Platform]bool{}
	for i, platform := range s.platforms {
		f := fmt.Sprintf("Platforms[%d]", i)
		if check.OneOf(p, f, platform, platforms...) && seen[platform] {
			p.Addf(f, "must not repeat, got %q again", string(platform))
		}
		seen[platform] = true
	}
	if n := len(s.platforms); n > 1 {
		if props.ForLambda {
			p.Addf("Platforms", "must be one for an image that Lambda runs, got %d", n)
		}
		if _, compiled := s.source.(GoPackage); compiled {
			p.Addf("Platforms", "must be one for a GoPackage, got %d", n)
		}
	}
}

func validateTags(p *check.Problems, props Props, s settings) {
	if props.ImageTag == "" && s.source == nil && props.BuildDisabled {
		p.Addf("ImageTag", "must be set without a Source, from which it would be made, got nothing")
	}
	tags := []struct{ field, tag string }{}
	if props.ImageTag != "" {
		tags = append(tags, struct{ field, tag string }{"ImageTag", props.ImageTag})
	}
	for i, tag := range props.AdditionalTags {
		tags = append(tags, struct{ field, tag string }{fmt.Sprintf("AdditionalTags[%d]", i), tag})
	}
	seen := map[string]string{}
	for _, t := range tags {
		if !p.Pattern(t.field, t.tag, 1, maxTag, tagText, "letters, digits and ._-, not beginning with . or -") {
			continue
		}
		if t.tag == "latest" && s.mutability == Immutable {
			p.Addf(t.field, "must not be latest with ImageTagMutability IMMUTABLE: it could be pushed only once, got %q", t.tag)
		}
		if first, again := seen[t.tag]; again {
			p.Addf(t.field, "must not repeat %s, got %q", first, t.tag)
			continue
		}
		seen[t.tag] = t.field
	}
	if len(props.AdditionalTags) > 0 && props.BuildDisabled {
		p.Addf("AdditionalTags", "must not be set together with BuildDisabled, got both")
	}
}

func validateLogs(p *check.Problems, props Props, s settings) {
	if !props.CreateLogGroup {
		for _, set := range []struct {
			field string
			set   bool
		}{
			{"LogRetentionDays", props.LogRetentionDays != 0},
			{"LogKMSKeyARN", props.LogKMSKeyARN != nil},
		} {
			needs(p, set.field, "CreateLogGroup", set.set)
		}
	}
	p.Retention("LogRetentionDays", s.retention)
	p.ARN("LogKMSKeyARN", props.LogKMSKeyARN, "kms")
}

func validateRole(p *check.Problems, props Props, s settings) {
	if !props.CreateRole {
		for _, set := range []struct {
			field string
			set   bool
		}{
			{"RolePrincipals", props.RolePrincipals != nil},
			{"RoleName", props.RoleName != ""},
			{"RolePath", props.RolePath != ""},
			{"PermissionsBoundaryARN", props.PermissionsBoundaryARN != nil},
			{"ManagedPolicyARNs", props.ManagedPolicyARNs != nil},
			{"InlinePolicy", props.InlinePolicy != nil},
			{"PolicyStatements", props.PolicyStatements != nil},
		} {
			needs(p, set.field, "CreateRole", set.set)
		}
	}
	if len(s.principals) == 0 {
		p.Addf("RolePrincipals", "must not be empty, got nothing")
	}
	for i, service := range s.principals {
		f := fmt.Sprintf("RolePrincipals[%d]", i)
		if p.Pattern(f, service, 1, maxTag, servicePoint, `a service such as "ecs-tasks.amazonaws.com"`) && slices.Index(s.principals, service) < i {
			p.Addf(f, "must not repeat, got %q again", service)
		}
	}
	if props.RoleName != "" {
		p.RoleName("RoleName", props.RoleName)
	}
	if props.RolePath != "" {
		p.RolePath("RolePath", props.RolePath)
	}
	p.PolicyARN("PermissionsBoundaryARN", props.PermissionsBoundaryARN)
	p.Elements("ManagedPolicyARNs", props.ManagedPolicyARNs, p.PolicyARN)
	p.NoListTokens("ManagedPolicyARNs", props.ManagedPolicyARNs)
	p.JSON("InlinePolicy", props.InlinePolicy)
	iam.Validate(p, "PolicyStatements", iam.Identity, props.PolicyStatements)
}

// needs records a problem of field when it is set without the switch that it
// goes with.
func needs(p *check.Problems, field, with string, set bool) {
	if set {
		p.Addf(field, "must go with %s, got %s without it", with, field)
	}
}
