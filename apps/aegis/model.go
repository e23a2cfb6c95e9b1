package main

import (
	"regexp"
	"strings"

	"github.com/aws/jsii-runtime-go"
)

var (
	// modelID is a model's id, or the ARN of one or of an inference profile.
	// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
	modelID = regexp.MustCompile(`^(arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]*:[a-z-]+/)?[A-Za-z0-9][A-Za-z0-9.:-]{0,999}$`)
	// foundationModel is a model's id.
	foundationModel = regexp.MustCompile(`^[a-z0-9-]{1,63}\.[A-Za-z0-9.:-]{1,199}$`)
	// geography is what the id of an inference profile across regions begins with: two
	// letters, or one of the others that there are. A model's own id begins with its
	// provider, none of which is that short.
	// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
	geography = regexp.MustCompile(`^([a-z]{2}|us-gov|apac|amer|global)\.`)
)

const (
	// systemProfile is in the ARN of a profile across regions, which names its model.
	systemProfile = ":inference-profile/"
	// ownProfile is in the ARN of a profile that the account made, which does not.
	ownProfile = ":application-inference-profile/"
)

// modelARNs are what bedrock:InvokeModel takes: the model, or the profile with the
// model in the regions that the profile spreads over, which are not known here.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
func (p *platform) modelARNs() []*string {
	id := p.env.ModelID
	arn := func(rest string) *string { return jsii.String("arn:" + *p.partition + ":bedrock:" + rest) }
	everywhere := func(model string) *string {
		return arn("*::foundation-model/" + geography.ReplaceAllString(model, ""))
	}
	switch {
	case strings.Contains(id, ownProfile):
		return []*string{jsii.String(id), everywhere(p.env.FoundationModel)}
	case strings.Contains(id, systemProfile):
		_, profile, _ := strings.Cut(id, systemProfile)
		return []*string{jsii.String(id), everywhere(profile)}
	case strings.HasPrefix(id, "arn:"):
		return []*string{jsii.String(id)}
	case geography.MatchString(id):
		return []*string{arn(*p.region + ":" + *p.account + ":inference-profile/" + id), everywhere(id)}
	}
	return []*string{arn(*p.region + "::foundation-model/" + id)}
}

// modelConflicts is about a profile whose model is not known, and a model that no
// profile needs.
func (e *Environment) modelConflicts(from origins) []string {
	own := strings.Contains(e.ModelID, ownProfile)
	switch {
	case own && from.good("model_id") && !from.set("foundation_model"):
		return []string{from.name("model_id") + ": must go with " + from.beside("model_id", "foundation_model") +
			", for an application inference profile does not name its model, got it alone"}
	case !own && from.good("foundation_model") && (!from.set("model_id") || from.good("model_id")):
		return []string{from.name("foundation_model") + ": must go with an application inference profile in " +
			from.beside("foundation_model", "model_id") + ", got it without"}
	}
	return nil
}
