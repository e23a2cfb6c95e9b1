package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// Environment is everything in which the environments differ.
type Environment struct {
	// Name is part of every resource's name, so that several environments live
	// in one account.
	Name string
	// Region is where everything is. Default: that of the AWS configuration in
	// use, as the provider finds it.
	Region string
	// FunctionURL gives the controller an HTTPS endpoint for callers with IAM
	// credentials.
	FunctionURL bool
	// Tracing is the functions' X-Ray mode.
	Tracing lambda.TracingMode
	// LogRetentionDays is how long the functions' logs are kept.
	LogRetentionDays int
	// Protected keeps the state table from being deleted, with a plan or without.
	Protected bool
	// Backend is where Terraform's state is.
	Backend Backend
}

// Backend is where Terraform keeps the state of a stack. The zero value is a
// file in the project's folder.
type Backend struct {
	// Bucket is an S3 bucket, in which the state is locked while in use; that
	// takes Terraform 1.10 or later. Default: a local file.
	Bucket string
	// Region is the bucket's. Required with Bucket.
	Region string
}

const (
	dev        = "dev"
	staging    = "staging"
	production = "production"
)

// presets are the environments there are.
func presets() map[string]Environment {
	return map[string]Environment{
		dev:        {Name: dev, FunctionURL: true, Tracing: lambda.PassThrough, LogRetentionDays: 7},
		staging:    {Name: staging, FunctionURL: true, Tracing: lambda.PassThrough, LogRetentionDays: 14},
		production: {Name: production, FunctionURL: false, Tracing: lambda.Active, LogRetentionDays: 90, Protected: true},
	}
}

// The variables that choose and configure environments.
const (
	envNames       = "AEGIS_ENV"
	envRegion      = "AEGIS_REGION"
	envStateBucket = "AEGIS_STATE_BUCKET"
	envStateRegion = "AEGIS_STATE_REGION"
)

var (
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// fromEnvironment reads which environments are asked for, dev when none is, and
// what is set for all of them. All mistakes come back in one error.
func fromEnvironment(lookup func(string) (string, bool)) ([]Environment, error) {
	get := func(name string) string {
		value, _ := lookup(name)
		return strings.TrimSpace(value)
	}
	var errs []error
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
	}

	region := get(envRegion)
	if region != "" && !regionName.MatchString(region) {
		bad(envRegion, `must be a region such as "eu-central-1", got %q`, region)
	}
	backend := Backend{Bucket: get(envStateBucket), Region: get(envStateRegion)}
	if backend.Bucket != "" && !bucketName.MatchString(backend.Bucket) {
		bad(envStateBucket, "must be a bucket's name of 3 to 63 lower-case letters, digits, dots and -, got %q", backend.Bucket)
	}
	if backend.Bucket != "" && backend.Region == "" {
		backend.Region = region
	}
	switch {
	case backend.Bucket != "" && backend.Region == "":
		bad(envStateRegion, "must be set with %s, got nothing", envStateBucket)
	case backend.Bucket == "" && backend.Region != "":
		bad(envStateRegion, "must go with %s, got a region alone", envStateBucket)
	case backend.Region != "" && backend.Region != region && !regionName.MatchString(backend.Region):
		bad(envStateRegion, `must be a region such as "eu-central-1", got %q`, backend.Region)
	}

	names := strings.FieldsFunc(get(envNames), func(r rune) bool { return r == ',' || r == ' ' })
	if len(names) == 0 {
		names = []string{dev}
	}
	known := presets()
	var chosen []Environment
	seen := map[string]bool{}
	for _, name := range names {
		e, ok := known[name]
		if !ok {
			bad(envNames, "must be of %s, got %q", strings.Join(slices.Sorted(maps.Keys(known)), ", "), name)
			continue
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		e.Region, e.Backend = region, backend
		chosen = append(chosen, e)
	}
	return chosen, errors.Join(errs...)
}

// stackName is also the prefix of every resource's name.
func (e Environment) stackName() string { return "aegis-" + e.Name }

// name is that of a resource of the environment.
func (e Environment) name(resource string) string { return e.stackName() + "-" + resource }

// tags are on everything.
func (e Environment) tags() map[string]string {
	return map[string]string{
		"Project":     "aegis",
		"Environment": e.Name,
		"ManagedBy":   "terraform",
		"CostCenter":  "engineering",
	}
}
