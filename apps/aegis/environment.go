package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// Environment is everything in which the environments differ. The settings in
// fields.go override what the presets say.
type Environment struct {
	// Name is part of every resource's name, so that several environments live
	// in one account.
	Name string
	// Region is where everything is. Default: that of the AWS configuration in
	// use, as the provider finds it.
	Region string
	// CostCenter is the tag of that name on everything. Default: engineering.
	CostCenter string

	// Architecture is the processor of everything that runs: the functions, and the
	// agents' images and tasks. ARM64 costs less. X8664 is for a region or zone in
	// which Fargate has no Graviton, and for whoever runs what is deployed on an x86
	// machine, as a test does.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-arm64.html
	Architecture lambda.Architecture
	// FunctionURL gives the controller an HTTPS endpoint for callers with IAM
	// credentials.
	FunctionURL bool
	// Tracing is the X-Ray mode of the functions and of the workflows.
	Tracing lambda.TracingMode
	// ProvisionedConcurrency keeps this many instances of a function started: of the
	// controller, which clients wait for, of the dispatcher and the callback, which
	// workflows wait for. Default: none.
	ProvisionedConcurrency map[functionName]int
	// ReservedConcurrency is kept free for a function, and limits it. Default: none;
	// a new account has ten in all and refuses a reservation.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
	ReservedConcurrency map[functionName]int
	// QueueConcurrency is how many batches of a queue are worked on at once, no more
	// than is reserved for the function that reads it.
	QueueConcurrency int

	// LogRetentionDays is how long all logs are kept.
	LogRetentionDays int
	// KMSKeyARN is the key that encrypts all log groups; its policy must let
	// CloudWatch Logs use it. Default: CloudWatch's own.
	KMSKeyARN string
	// KeepDays is how long records stay after a workflow's end.
	KeepDays int
	// Protected keeps what has state from being deleted, with a plan or without.
	Protected bool
	// AlarmTopicARN is the SNS topic that alarms are sent to. Default: nobody hears them.
	AlarmTopicARN string

	// ModelID is the Bedrock model, or the ARN of a model or inference profile, that
	// the agents ask. Default: none, and agents fail unless ModelStub.
	ModelID string
	// ModelStub lets the agents answer without a model, marked SIMULATED.
	ModelStub bool
	// MaxTokens is the budget of each task.
	MaxTokens int

	// Subnets and SecurityGroups are where the agents run. Default: a small VPC of
	// the environment's own.
	Subnets        []string
	SecurityGroups []string
	// AssignPublicIP is for given subnets whose way out is an internet gateway.
	AssignPublicIP bool
	// VPCCIDR is the range of the own VPC, a /16 to /24.
	VPCCIDR string

	// Backend is where Terraform's state is.
	Backend Backend
}

// Backend is where Terraform keeps the state of a stack. The zero value is a
// file in the project's folder.
type Backend struct {
	// Bucket is an S3 bucket, in which the state is locked while in use; that
	// takes Terraform 1.10 or later. Default: a local file.
	Bucket string
	// Region is the bucket's. Default: the environment's Region, when that is set.
	Region string
}

const (
	dev        = "dev"
	staging    = "staging"
	production = "production"
)

// presets are the environments there are.
func presets() map[string]Environment {
	common := Environment{
		CostCenter: "engineering", QueueConcurrency: 10, KeepDays: 90, MaxTokens: 200_000, VPCCIDR: "10.70.0.0/24",
		Architecture: lambda.ARM64, FunctionURL: true, Tracing: lambda.PassThrough,
	}
	d, s, p := common, common, common
	d.Name, d.LogRetentionDays, d.KeepDays, d.ModelStub = dev, 7, 14, true
	s.Name, s.LogRetentionDays, s.KeepDays = staging, 14, 30
	p.Name, p.LogRetentionDays, p.Protected = production, 90, true
	p.FunctionURL, p.Tracing, p.QueueConcurrency = false, lambda.Active, 50
	return map[string]Environment{dev: d, staging: s, production: p}
}

// envNames is the variable that chooses environments.
const envNames = "AEGIS_ENV"

// contextKey is where cdktf.json's context has the settings: those of all
// environments under "all", those of one under its name.
const (
	contextKey = "aegis"
	contextAll = "all"
)

// fromEnvironment reads which environments are asked for, dev when none is, and
// what is set for them: the environment variable wins over the context's setting
// for the environment, that over the one for all, and that over the preset. All
// mistakes come back in one error, among them variables that are nobody's. environ
// is as os.Environ returns it.
func fromEnvironment(environ []string, context map[string]any) ([]Environment, error) {
	variables := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = strings.TrimSpace(value)
	}
	get := func(name string) string { return variables[name] }
	known := presets()
	errs := unknownVariables(environ)
	settings, problems := contextSettings(context, known)
	errs = append(errs, problems...)
	names := strings.FieldsFunc(get(envNames), func(r rune) bool { return r == ',' || r == ' ' })
	if len(names) == 0 {
		names = []string{dev}
	}
	var chosen []Environment
	seen := map[string]bool{}
	for _, name := range names {
		e, ok := known[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: must be of %s, got %q", envNames, strings.Join(slices.Sorted(maps.Keys(known)), ", "), name))
			continue
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		problems := e.override(get, settings)
		if len(chosen) > 0 { // what is wrong for all was told
			problems = slices.DeleteFunc(problems, func(err error) bool {
				return slices.ContainsFunc(errs, func(told error) bool { return told.Error() == err.Error() })
			})
		}
		errs = append(errs, problems...)
		chosen = append(chosen, e)
	}
	return chosen, errors.Join(errs...)
}

// override applies the settings, and returns what is wrong with them.
func (e *Environment) override(get func(string) string, settings map[string]map[string]string) []error {
	var errs []error
	for _, f := range fields() {
		source, value := f.variable(), get(f.variable())
		for _, part := range []string{e.Name, contextAll} {
			if text, found := settings[part][f.name]; value == "" && found {
				source, value = contextKey+"."+part+"."+f.name, text
			}
		}
		if value == "" {
			continue
		}
		for _, problem := range f.set(e, value) {
			errs = append(errs, fmt.Errorf("%s: %s", source, problem))
		}
	}
	if e.Backend.Bucket != "" && e.Backend.Region == "" {
		e.Backend.Region = e.Region
	}
	if e.Backend.Bucket != "" && e.Backend.Region == "" && len(errs) == 0 {
		errs = append(errs, errors.New("AEGIS_STATE_REGION: must be set with AEGIS_STATE_BUCKET, got nothing"))
	}
	if e.Backend.Bucket == "" && e.Backend.Region != "" && len(errs) == 0 {
		errs = append(errs, errors.New("AEGIS_STATE_REGION: must go with AEGIS_STATE_BUCKET, got a region alone"))
	}
	if (len(e.Subnets) == 0) != (len(e.SecurityGroups) == 0) {
		errs = append(errs, fmt.Errorf("AEGIS_SUBNETS: must go with AEGIS_SECURITY_GROUPS, got %d and %d", len(e.Subnets), len(e.SecurityGroups)))
	}
	return append(errs, e.checkConcurrency()...)
}

// stackName is also the prefix of every resource's name.
func (e Environment) stackName() string { return "aegis-" + e.Name }

// name is that of a resource of the environment.
func (e Environment) name(resource string) string { return e.stackName() + "-" + resource }

// ownNetwork tells whether the environment has a VPC of its own.
func (e Environment) ownNetwork() bool { return len(e.Subnets) == 0 }

// tags are on everything.
func (e Environment) tags() map[string]string {
	return map[string]string{
		"Project":     "aegis",
		"Environment": e.Name,
		"ManagedBy":   "terraform",
		"CostCenter":  e.CostCenter,
	}
}
