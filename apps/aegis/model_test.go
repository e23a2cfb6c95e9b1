package main

import (
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// TestModelARNs: whoever may ask a profile has to be allowed its model, too.
func TestModelARNs(t *testing.T) {
	t.Parallel()
	const (
		here = "arn:aws:bedrock:eu-central-1:"
		nova = "arn:aws:bedrock:*::foundation-model/amazon.nova-pro-v1:0"
		own  = here + "123456789012:application-inference-profile/abc123"
	)
	for id, want := range map[string][]string{
		"amazon.nova-pro-v1:0":                    {here + ":foundation-model/amazon.nova-pro-v1:0"},
		"zai.glm-4.7":                             {here + ":foundation-model/zai.glm-4.7"},
		"eu.amazon.nova-pro-v1:0":                 {here + "123456789012:inference-profile/eu.amazon.nova-pro-v1:0", nova},
		"us-gov.amazon.nova-pro-v1:0":             {here + "123456789012:inference-profile/us-gov.amazon.nova-pro-v1:0", nova},
		here + ":foundation-model/x.y":            {here + ":foundation-model/x.y"},
		here + "123456789012:provisioned-model/x": {here + "123456789012:provisioned-model/x"},
		here + "123456789012:inference-profile/eu.amazon.nova-pro-v1:0": {here + "123456789012:inference-profile/eu.amazon.nova-pro-v1:0", nova},
		own: {own, nova},
	} {
		p := platform{
			env:       Environment{ModelID: id, FoundationModel: "amazon.nova-pro-v1:0"},
			partition: jsii.String("aws"), region: jsii.String("eu-central-1"), account: jsii.String("123456789012"),
		}
		var got []string
		for _, arn := range p.modelARNs() {
			got = append(got, *arn)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestModelConflicts(t *testing.T) {
	t.Parallel()
	const profile = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"
	for name, tc := range map[string]struct {
		environ []string
		want    string
	}{
		"profile and model": {[]string{"AEGIS_MODEL_ID=" + profile, "AEGIS_FOUNDATION_MODEL=amazon.nova-pro-v1:0"}, ""},
		"profile alone": {
			[]string{"AEGIS_MODEL_ID=" + profile},
			"AEGIS_MODEL_ID: must go with AEGIS_FOUNDATION_MODEL, for an application inference profile does not name its model, got it alone",
		},
		"model alone": {
			[]string{"AEGIS_FOUNDATION_MODEL=amazon.nova-pro-v1:0"},
			"AEGIS_FOUNDATION_MODEL: must go with an application inference profile in AEGIS_MODEL_ID, got it without",
		},
		"profile that names it": {
			[]string{"AEGIS_MODEL_ID=eu.amazon.nova-pro-v1:0", "AEGIS_FOUNDATION_MODEL=amazon.nova-pro-v1:0"},
			"AEGIS_FOUNDATION_MODEL: must go with an application inference profile in AEGIS_MODEL_ID, got it without",
		},
		"profile that was refused": {
			[]string{"AEGIS_MODEL_ID=two words", "AEGIS_FOUNDATION_MODEL=amazon.nova-pro-v1:0"},
			`AEGIS_MODEL_ID: must be a Bedrock model's id, or the ARN of one or of an inference profile, got "two words"`,
		},
	} {
		_, err := fromEnvironment(tc.environ, nil)
		if diff := cmp.Diff(tc.want, errorText(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
