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
		"nothing asked for":   {nil, []string{dev}, ""},
		"empty":               {map[string]string{envNames: ""}, nil, `AEGIS_ENV: must be of dev, production, staging, got ""`},
		"a comma alone":       {map[string]string{envNames: " , "}, nil, `AEGIS_ENV: must be of dev, production, staging, got ""`},
		"one":                 {map[string]string{envNames: "production"}, []string{production}, ""},
		"several, any order":  {map[string]string{envNames: "production, dev"}, []string{production, dev}, ""},
		"with spaces":         {map[string]string{envNames: " dev staging "}, []string{dev, staging}, ""},
		"one asked for twice": {map[string]string{envNames: "dev,dev"}, []string{dev}, ""},
		"unknown":             {map[string]string{envNames: "prod"}, nil, `AEGIS_ENV: must be of dev, production, staging, got "prod"`},
		"unknown, and a value": {
			map[string]string{envNames: "prod", "AEGIS_KEEP_DAYS": "0"}, nil,
			`AEGIS_ENV: must be of dev, production, staging, got "prod"
AEGIS_KEEP_DAYS: must be a number from 1 to 3650, got "0"`,
		},
		"other case":            {map[string]string{envNames: "Dev"}, nil, `AEGIS_ENV: must be of dev, production, staging, got "Dev"`},
		"region":                {map[string]string{"AEGIS_REGION": "eu-central-1"}, []string{dev}, ""},
		"region of GovCloud":    {map[string]string{"AEGIS_REGION": "us-gov-west-1"}, []string{dev}, ""},
		"no region":             {map[string]string{"AEGIS_REGION": "Frankfurt"}, []string{dev}, `AEGIS_REGION: must be a region such as "eu-central-1", got "Frankfurt"`},
		"bucket and region":     {map[string]string{"AEGIS_STATE_BUCKET": "acme-state", "AEGIS_STATE_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket in the region":  {map[string]string{"AEGIS_STATE_BUCKET": "acme-state", "AEGIS_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket of 3":           {map[string]string{"AEGIS_STATE_BUCKET": "abc", "AEGIS_REGION": "eu-west-1"}, []string{dev}, ""},
		"bucket of 2":           {map[string]string{"AEGIS_STATE_BUCKET": "ab", "AEGIS_REGION": "eu-west-1"}, []string{dev}, `AEGIS_STATE_BUCKET: must be a bucket's name of 3 to 63 lower-case letters, digits, dots and -, got "ab"`},
		"bucket without region": {map[string]string{"AEGIS_STATE_BUCKET": "acme-state"}, []string{dev}, `AEGIS_STATE_BUCKET: must go with AEGIS_STATE_REGION or AEGIS_REGION, got it alone`},
		"region of no bucket":   {map[string]string{"AEGIS_STATE_REGION": "eu-west-1"}, []string{dev}, `AEGIS_STATE_REGION: must go with AEGIS_STATE_BUCKET, got it alone`},
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

// TestConflicts: settings that are good each, and not together.
func TestConflicts(t *testing.T) {
	t.Parallel()
	const (
		topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
		key   = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"
	)
	type values = map[string]any
	for name, tc := range map[string]struct {
		env     map[string]string
		context map[string]any
		want    string
	}{
		"subnets alone": {
			map[string]string{"AEGIS_SUBNETS": "subnet-01234567"}, nil,
			"AEGIS_SUBNETS: must go with AEGIS_SECURITY_GROUPS, got it alone",
		},
		"groups alone": {
			nil, values{"all": values{"security_groups": "sg-01234567"}},
			"aegis.all.security_groups: must go with aegis.all.subnets, got it alone",
		},
		"subnets and groups of two places": {
			map[string]string{"AEGIS_SUBNETS": "subnet-01234567"}, values{"dev": values{"security_groups": "sg-01234567"}}, "",
		},
		"a public address in the own VPC": {
			map[string]string{"AEGIS_ASSIGN_PUBLIC_IP": "false"}, nil, "AEGIS_ASSIGN_PUBLIC_IP: must go with AEGIS_SUBNETS, got it alone",
		},
		"a public address in given subnets": {
			map[string]string{"AEGIS_ASSIGN_PUBLIC_IP": "true", "AEGIS_SUBNETS": "subnet-01234567", "AEGIS_SECURITY_GROUPS": "sg-01234567"}, nil, "",
		},
		"a range for given subnets": {
			map[string]string{"AEGIS_VPC_CIDR": "10.1.0.0/16"}, values{"dev": values{"subnets": "subnet-01234567", "security_groups": "sg-01234567"}},
			"AEGIS_VPC_CIDR: must not go with aegis.dev.subnets, which are in another VPC, got both",
		},
		"a range for the own VPC": {map[string]string{"AEGIS_VPC_CIDR": "10.1.0.0/16"}, nil, ""},
		"a bucket without region in the context": {
			nil, values{"dev": values{"state_bucket": "acme-state"}},
			"aegis.dev.state_bucket: must go with aegis.dev.state_region or aegis.dev.region, got it alone",
		},
		"key and topic of the region": {
			map[string]string{"AEGIS_REGION": "eu-west-1", "AEGIS_KMS_KEY_ARN": key, "AEGIS_ALARM_TOPIC_ARN": topic}, nil, "",
		},
		"key and topic of another region": {
			map[string]string{"AEGIS_KMS_KEY_ARN": key}, values{"all": values{"region": "eu-central-1"}, "dev": values{"alarm_topic_arn": topic}},
			`AEGIS_KMS_KEY_ARN: must be in aegis.all.region eu-central-1, got "` + key + `"
aegis.dev.alarm_topic_arn: must be in aegis.all.region eu-central-1, got "` + topic + `"`,
		},
		"key and topic, and the region of the AWS configuration": {
			map[string]string{"AEGIS_KMS_KEY_ARN": key, "AEGIS_ALARM_TOPIC_ARN": topic}, nil, "",
		},
		"with another mistake": {
			map[string]string{"AEGIS_KEEP_DAYS": "0", "AEGIS_STATE_BUCKET": "acme-state"}, nil,
			`AEGIS_KEEP_DAYS: must be a number from 1 to 3650, got "0"
AEGIS_STATE_BUCKET: must go with AEGIS_STATE_REGION or AEGIS_REGION, got it alone`,
		},
		"with what was refused": {
			map[string]string{
				"AEGIS_SUBNETS": "a", "AEGIS_SECURITY_GROUPS": "sg-01234567", "AEGIS_ASSIGN_PUBLIC_IP": "true", "AEGIS_VPC_CIDR": "10.1.0.0/16",
				"AEGIS_REGION": "x", "AEGIS_STATE_BUCKET": "acme-state", "AEGIS_KMS_KEY_ARN": key, "AEGIS_QUEUE_CONCURRENCY": "1", "AEGIS_RESERVED_CONCURRENCY": "2",
			}, nil,
			`AEGIS_REGION: must be a region such as "eu-central-1", got "x"
AEGIS_QUEUE_CONCURRENCY: must be a number from 2 to 1000, got "1"
AEGIS_SUBNETS: must be 1 to 16 ids such as "subnet-0123456789abcdef0", with commas, got "a"`,
		},
		"with what was refused, the other side": {
			map[string]string{
				"AEGIS_SUBNETS": "subnet-01234567", "AEGIS_SECURITY_GROUPS": "a", "AEGIS_VPC_CIDR": "x", "AEGIS_STATE_REGION": "eu-west-1", "AEGIS_STATE_BUCKET": "A",
			}, nil,
			`AEGIS_STATE_BUCKET: must be a bucket's name of 3 to 63 lower-case letters, digits, dots and -, got "A"
AEGIS_SECURITY_GROUPS: must be 1 to 5 ids such as "sg-0123456789abcdef0", with commas, got "a"
AEGIS_VPC_CIDR: must be a network of /16 to /24 such as "10.70.0.0/24", got "x"`,
		},
		"with what is no text in the context": {
			map[string]string{"AEGIS_SUBNETS": "subnet-01234567"}, values{"all": values{"security_groups": 1.5}, "dev": values{"security_groups": values{}}},
			`aegis.dev.security_groups: must be a text, a number, a boolean or a list of texts, and not empty, got map[]`,
		},
		"in one environment of several": {
			map[string]string{envNames: "dev,staging", "AEGIS_SUBNETS": "subnet-01234567"}, values{"staging": values{"security_groups": "sg-01234567"}},
			"AEGIS_SUBNETS: must go with AEGIS_SECURITY_GROUPS, got it alone, in dev",
		},
		"in one of several, which its name says": {
			map[string]string{envNames: "dev,staging"}, values{"staging": values{"subnets": "subnet-01234567"}},
			"aegis.staging.subnets: must go with aegis.staging.security_groups, got it alone",
		},
		"in all of several": {
			map[string]string{envNames: "dev,staging,production", "AEGIS_SUBNETS": "subnet-01234567"}, nil,
			"AEGIS_SUBNETS: must go with AEGIS_SECURITY_GROUPS, got it alone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fromEnvironment(environ(tc.env), map[string]any{contextKey: tc.context})
			if diff := cmp.Diff(tc.want, errorText(err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
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
