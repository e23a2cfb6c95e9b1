package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	names := func(environments []Environment) []string {
		var list []string
		for _, e := range environments {
			list = append(list, e.Name)
		}
		return list
	}
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
		err  string
	}{
		"nothing asked for":     {nil, []string{dev}, ""},
		"empty":                 {map[string]string{envNames: ""}, []string{dev}, ""},
		"one":                   {map[string]string{envNames: "production"}, []string{production}, ""},
		"several, any order":    {map[string]string{envNames: "production, dev"}, []string{production, dev}, ""},
		"with spaces":           {map[string]string{envNames: " dev staging "}, []string{dev, staging}, ""},
		"one asked for twice":   {map[string]string{envNames: "dev,dev"}, []string{dev}, ""},
		"unknown":               {map[string]string{envNames: "prod"}, nil, `AEGIS_ENV: must be of dev, production, staging, got "prod"`},
		"other case":            {map[string]string{envNames: "Dev"}, nil, `AEGIS_ENV: must be of dev, production, staging, got "Dev"`},
		"region":                {map[string]string{"AEGIS_REGION": "eu-central-1"}, []string{dev}, ""},
		"region of GovCloud":    {map[string]string{"AEGIS_REGION": "us-gov-west-1"}, []string{dev}, ""},
		"no region":             {map[string]string{"AEGIS_REGION": "Frankfurt"}, []string{dev}, `AEGIS_REGION: must be a region such as "eu-central-1", got "Frankfurt"`},
		"bucket and region":     {map[string]string{"AEGIS_STATE_BUCKET": "acme-state", "AEGIS_STATE_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket in the region":  {map[string]string{"AEGIS_STATE_BUCKET": "acme-state", "AEGIS_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket of 3":           {map[string]string{"AEGIS_STATE_BUCKET": "abc", "AEGIS_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket of 2":           {map[string]string{"AEGIS_STATE_BUCKET": "ab", "AEGIS_REGION": "eu-west-1"}, []string{dev}, `AEGIS_STATE_BUCKET: must be a bucket's name of 3 to 63 lower-case letters, digits, dots and -, got "ab"`},
		"bucket without region": {map[string]string{"AEGIS_STATE_BUCKET": "acme-state"}, []string{dev}, `AEGIS_STATE_REGION: must be set with AEGIS_STATE_BUCKET, got nothing`},
		"region of no bucket":   {map[string]string{"AEGIS_STATE_REGION": "eu-west-1"}, []string{dev}, `AEGIS_STATE_REGION: must go with AEGIS_STATE_BUCKET, got a region alone`},
		"everything wrong": {
			map[string]string{envNames: "qa,dev", "AEGIS_REGION": "x", "AEGIS_STATE_BUCKET": "NO", "AEGIS_STATE_REGION": "y"}, []string{dev},
			`AEGIS_ENV: must be of dev, production, staging, got "qa"
AEGIS_REGION: must be a region such as "eu-central-1", got "x"
AEGIS_STATE_BUCKET: must be a bucket's name of 3 to 63 lower-case letters, digits, dots and -, got "NO"
AEGIS_STATE_REGION: must be a region such as "eu-central-1", got "y"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fromEnvironment(environ(tc.env), nil)
			if diff := cmp.Diff(tc.err, errorText(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, names(got)); diff != "" {
				t.Errorf("environments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBackendRegion(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AEGIS_STATE_BUCKET": "acme-state", "AEGIS_REGION": "eu-west-1"}
	got, err := fromEnvironment(environ(env), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Backend{Bucket: "acme-state", Region: "eu-west-1"}, got[0].Backend); diff != "" {
		t.Errorf("the bucket is in the stack's region unless said otherwise (-want +got):\n%s", diff)
	}
}

// TestPresets is what the environments promise.
func TestPresets(t *testing.T) {
	t.Parallel()
	for name, e := range presets() {
		if e.Name != name {
			t.Errorf("%s is called %q", name, e.Name)
		}
		inProduction := name == production
		if e.FunctionURL == inProduction {
			t.Errorf("%s: FunctionURL is %v", name, e.FunctionURL)
		}
		if active := e.Tracing == lambda.Active; active != inProduction {
			t.Errorf("%s: Tracing is %s", name, e.Tracing)
		}
		if e.Protected != inProduction {
			t.Errorf("%s: Protected is %v", name, e.Protected)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
