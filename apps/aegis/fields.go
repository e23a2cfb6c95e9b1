package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// field is one setting of an environment: "region" in cdktf.json's context,
// AEGIS_REGION as a variable.
type field struct {
	name string
	// set takes the value, or returns all that is wrong with it.
	set func(e *Environment, value string) []string
	// object lets the context have an object of numbers, which is NAME=NUMBER with
	// commas as a text.
	object bool
}

// must is what is wrong with a value.
func must(want, got string) []string { return []string{fmt.Sprintf("must be %s, got %q", want, got)} }

func (f field) variable() string { return place(variablePrefix).of(f.name) }

var (
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	likeAnIP   = regexp.MustCompile(`^([0-9]{1,3}\.){3}[0-9]{1,3}$`)
	// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
	tagValue = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$`)
	kmsARN   = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
	topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)
	subnetID = regexp.MustCompile(`^subnet-[0-9a-f]{8,17}$`)
	groupID  = regexp.MustCompile(`^sg-[0-9a-f]{8,17}$`)
)

// retentions are what CloudWatch takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

const wantRegion = `a region such as "eu-central-1"`

// fields are all settings there are.
func fields() []field {
	return []field{
		text("region", func(e *Environment) *string { return &e.Region }, regionName, wantRegion),
		{name: "state_bucket", set: func(e *Environment, value string) []string {
			problems := bucketProblems(value)
			if len(problems) == 0 {
				e.Backend.Bucket = value
			}
			return problems
		}},
		text("state_region", func(e *Environment) *string { return &e.Backend.Region }, regionName, wantRegion),
		text("cost_center", func(e *Environment) *string { return &e.CostCenter }, tagValue, "1 to 256 letters, digits, spaces and _.:/=+-@"),
		{name: "architecture", set: func(e *Environment, value string) []string {
			architecture := lambda.Architecture(value)
			if _, known := processors[architecture]; !known {
				return must("arm64 or x86_64", value)
			}
			e.Architecture = architecture
			return nil
		}},
		flag("function_url", func(e *Environment) *bool { return &e.FunctionURL }),
		{name: "tracing", set: func(e *Environment, value string) []string {
			mode := lambda.TracingMode(value)
			if mode != lambda.Active && mode != lambda.PassThrough {
				return must("Active or PassThrough", value)
			}
			e.Tracing = mode
			return nil
		}},
		perFunction("provisioned_concurrency", func(e *Environment) *map[functionName]int { return &e.ProvisionedConcurrency }, stateChecker),
		perFunction("reserved_concurrency", func(e *Environment) *map[functionName]int { return &e.ReservedConcurrency }),
		// https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
		number("queue_concurrency", func(e *Environment) *int { return &e.QueueConcurrency }, 2, 1000),
		{name: "log_retention_days", set: func(e *Environment, value string) []string {
			days, err := strconv.Atoi(value)
			if err != nil || !slices.Contains(retentions, days) {
				return must("a number of days that CloudWatch has, such as 7, 14, 30, 90, 365", value)
			}
			e.LogRetentionDays = days
			return nil
		}},
		text("kms_key_arn", func(e *Environment) *string { return &e.KMSKeyARN }, kmsARN, "the ARN of a KMS key"),
		number("keep_days", func(e *Environment) *int { return &e.KeepDays }, 1, 3650),
		flag("protected", func(e *Environment) *bool { return &e.Protected }),
		text("alarm_topic_arn", func(e *Environment) *string { return &e.AlarmTopicARN }, topicARN, "the ARN of an SNS topic"),
		text("model_id", func(e *Environment) *string { return &e.ModelID }, modelID, "a Bedrock model's id, or the ARN of one or of an inference profile"),
		text("foundation_model", func(e *Environment) *string { return &e.FoundationModel }, foundationModel, `a Bedrock model's id such as "amazon.nova-pro-v1:0"`),
		flag("model_stub", func(e *Environment) *bool { return &e.ModelStub }),
		number("max_tokens", func(e *Environment) *int { return &e.MaxTokens }, 1000, 10_000_000),
		list("subnets", func(e *Environment) *[]string { return &e.Subnets }, subnetID, 16, `1 to 16 ids such as "subnet-0123456789abcdef0", with commas`),
		list("security_groups", func(e *Environment) *[]string { return &e.SecurityGroups }, groupID, 5, `1 to 5 ids such as "sg-0123456789abcdef0", with commas`),
		flag("assign_public_ip", func(e *Environment) *bool { return &e.AssignPublicIP }),
		{name: "vpc_cidr", set: func(e *Environment, value string) []string {
			prefix, err := netip.ParsePrefix(value)
			if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() || prefix.Bits() < 16 || prefix.Bits() > 24 {
				return must(`a network of /16 to /24 such as "10.70.0.0/24"`, value)
			}
			e.VPCCIDR = value
			return nil
		}},
	}
}

// bucketProblems is all that is wrong with a bucket's name.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func bucketProblems(name string) []string {
	if !bucketName.MatchString(name) {
		return must("a bucket's name of 3 to 63 lower-case letters, digits, dots and -", name)
	}
	var problems []string
	if strings.Contains(name, "..") {
		problems = append(problems, must("a bucket's name without two dots in a row", name)...)
	}
	if likeAnIP.MatchString(name) {
		problems = append(problems, must("a bucket's name that is not like an IP address", name)...)
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			problems = append(problems, must("a bucket's name that does not begin with the reserved "+prefix, name)...)
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			problems = append(problems, must("a bucket's name that does not end with the reserved "+suffix, name)...)
		}
	}
	return problems
}

func text(name string, at func(*Environment) *string, pattern *regexp.Regexp, want string) field {
	return field{name: name, set: func(e *Environment, value string) []string {
		if !pattern.MatchString(value) {
			return must(want, value)
		}
		*at(e) = value
		return nil
	}}
}

func flag(name string, at func(*Environment) *bool) field {
	return field{name: name, set: func(e *Environment, value string) []string {
		if value != "true" && value != "false" {
			return must("true or false", value)
		}
		*at(e) = value == "true"
		return nil
	}}
}

func number(name string, at func(*Environment) *int, least, most int) field {
	return field{name: name, set: func(e *Environment, value string) []string {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return must(fmt.Sprintf("a number from %d to %d", least, most), value)
		}
		*at(e) = n
		return nil
	}}
}

func list(name string, at func(*Environment) *[]string, pattern *regexp.Regexp, most int, want string) field {
	return field{name: name, set: func(e *Environment, value string) []string {
		items := strings.Split(value, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
			if !pattern.MatchString(items[i]) {
				return must(want, value)
			}
		}
		if len(items) > most {
			return must(want, value)
		}
		for i, item := range items {
			if slices.Contains(items[:i], item) {
				return must(fmt.Sprintf("a list with %q once", item), value)
			}
		}
		*at(e) = items
		return nil
	}}
}

// refusedValue stands for a value in the context that is no setting's.
const refusedValue = ""

// contextSettings are the context's settings as text, by their full names.
func contextSettings(context map[string]any, known map[string]Environment) (map[string]string, []error) {
	settings := map[string]string{}
	raw, found := context[contextKey]
	if !found {
		return settings, nil
	}
	parts, ok := raw.(map[string]any)
	if !ok {
		return settings, []error{fmt.Errorf("%s: must be an object of environments, got %v", contextKey, raw)}
	}
	byName := map[string]field{}
	for _, f := range fields() {
		byName[f.name] = f
	}
	var errs []error
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		path := contextKey + "." + part
		if _, ok := known[part]; !ok && part != contextAll {
			errs = append(errs, fmt.Errorf("%s: must be all or an environment, of which there are %s", path, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
			continue
		}
		values, ok := parts[part].(map[string]any)
		if !ok {
			errs = append(errs, fmt.Errorf("%s: must be an object of settings, got %v", path, parts[part]))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			f, found := byName[name]
			if !found {
				errs = append(errs, notASetting(path+"."+name, name, sorted(byName)))
				continue
			}
			value, ok := f.text(values[name])
			if !ok {
				want := "a text, a number, a boolean or a list of texts, and not empty"
				if f.object {
					want = "a text, a number or an object of numbers, and not empty"
				}
				errs = append(errs, fmt.Errorf("%s.%s: must be %s, got %v", path, name, want, values[name]))
				value = refusedValue
			}
			settings[contextPlace(part).of(name)] = value
		}
	}
	return settings, errs
}

// text is the context's value as a variable would have it.
func (f field) text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), strings.TrimSpace(v) != ""
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case []any:
		var items []string
		for _, item := range v {
			one, ok := item.(string)
			if !ok {
				return "", false
			}
			items = append(items, one)
		}
		return strings.Join(items, ","), len(items) > 0
	case map[string]any:
		var items []string
		for _, key := range sorted(v) {
			number, ok := v[key].(float64)
			if !ok {
				return "", false
			}
			items = append(items, key+"="+strconv.FormatFloat(number, 'f', -1, 64))
		}
		return strings.Join(items, ","), f.object && len(items) > 0
	}
	return "", false
}

// readContext is what cdktf's CLI passes on, or without it cdktf.json's own. Without
// either the program was started in a wrong folder, where it would write its output.
// https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/configuration-file
func readContext(lookup func(string) (string, bool)) (map[string]any, error) {
	if passed, _ := lookup("CDKTF_CONTEXT_JSON"); passed != "" {
		var context map[string]any
		if err := json.Unmarshal([]byte(passed), &context); err != nil {
			return nil, fmt.Errorf("CDKTF_CONTEXT_JSON: %w", err)
		}
		return context, nil
	}
	data, err := os.ReadFile("cdktf.json")
	if os.IsNotExist(err) {
		return nil, errors.New("cdktf.json: must be in the current folder, got none: run this in the project's folder")
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("cdktf.json: %w", err)
	}
	return file.Context, nil
}
