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
	// FoundationModel is the id of the model behind an application inference profile
	// in ModelID, whose ARN does not name it: the agents' roles have to. Default: none.
	FoundationModel string
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

// fromEnvironment reads which environments are asked for, dev when the variable is
// not set, and what is set for them: the environment variable wins over the context's
// setting for the environment, that over the one for all, and that over the preset. All
// mistakes come back in one error, among them variables that are nobody's. environ
// is as os.Environ returns it.
func fromEnvironment(environ []string, context map[string]any) ([]Environment, error) {
	known := presets()
	errs := unknownVariables(environ)
	settings, problems := contextSettings(context, known)
	errs = append(errs, problems...)
	names := []string{dev}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		value = strings.TrimSpace(value)
		switch {
		case name == envNames:
			if names = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }); len(names) == 0 {
				names = []string{""}
			}
		case strings.HasPrefix(name, variablePrefix) && value != "":
			settings[name] = value
		}
	}
	var chosen []Environment
	var conflicts [][]string
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		e, ok := known[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%s: must be of %s, got %q", envNames, strings.Join(slices.Sorted(maps.Keys(known)), ", "), name))
			e = Environment{Name: name} // what is set for all can be wrong all the same
		}
		problems, from := e.override(settings)
		for _, problem := range problems {
			if !slices.ContainsFunc(errs, func(told error) bool { return told.Error() == problem.Error() }) {
				errs = append(errs, problem)
			}
		}
		if !ok {
			continue
		}
		chosen = append(chosen, e)
		conflicts = append(conflicts, e.conflicts(from))
	}
	return chosen, errors.Join(append(errs, tell(chosen, conflicts)...)...)
}

// tell is about the conflicts of each environment: one that all have once, any other
// with the name of its environment.
func tell(environments []Environment, conflicts [][]string) []error {
	var errs []error
	for i, e := range environments {
		for _, text := range conflicts[i] {
			general := !slices.ContainsFunc(conflicts, func(others []string) bool { return !slices.Contains(others, text) })
			named := strings.Contains(text, string(contextPlace(e.Name))) || strings.Contains(text, e.ownDefault())
			switch {
			case general && i > 0: // told
			case general || named:
				errs = append(errs, errors.New(text))
			default:
				errs = append(errs, fmt.Errorf("%s, in %s", text, e.Name))
			}
		}
	}
	return errs
}

// override applies the settings, and returns what is wrong with each, and where it
// is from.
func (e *Environment) override(settings map[string]string) ([]error, origins) {
	var errs []error
	from := origins{}
	for _, f := range fields() {
		for _, p := range []place{variablePrefix, contextPlace(e.Name), contextPlace(contextAll)} {
			value, found := settings[p.of(f.name)]
			if !found {
				continue
			}
			refused := value == refusedValue
			if !refused {
				problems := f.set(e, value)
				for _, problem := range problems {
					errs = append(errs, fmt.Errorf("%s: %s", p.of(f.name), problem))
				}
				refused = len(problems) > 0
			}
			from[f.name] = origin{p, refused}
			break
		}
	}
	if e.Backend.Bucket != "" && e.Backend.Region == "" {
		e.Backend.Region = e.Region
	}
	return errs, from
}

// conflicts compares the settings with each other, except those that were refused.
func (e *Environment) conflicts(from origins) []string {
	var found []string
	for _, pair := range [][2]string{
		{"state_region", "state_bucket"}, {"subnets", "security_groups"}, {"security_groups", "subnets"}, {"assign_public_ip", "subnets"},
	} {
		if name, with := pair[0], pair[1]; from.good(name) && !from.set(with) {
			found = append(found, fmt.Sprintf("%s: must go with %s, got it alone", from.name(name), from.beside(name, with)))
		}
	}
	if from.good("state_bucket") && !from.set("state_region") && !from.set("region") {
		found = append(found, fmt.Sprintf("%s: must go with %s or %s, got it alone",
			from.name("state_bucket"), from.beside("state_bucket", "state_region"), from.beside("state_bucket", "region")))
	}
	if from.good("vpc_cidr") && from.good("subnets") {
		found = append(found, fmt.Sprintf("%s: must not go with %s, which are in another VPC, got both", from.name("vpc_cidr"), from.name("subnets")))
	}
	// Each region of KMS has its own keys, and PutMetricAlarm refuses the topic of
	// another region: "Invalid region … specified. Only … is supported".
	// https://docs.aws.amazon.com/kms/latest/developerguide/mrk-when-to-use.html
	// https://github.com/cds-snc/notification-terraform/pull/128
	for _, regional := range []struct{ name, arn string }{{"kms_key_arn", e.KMSKeyARN}, {"alarm_topic_arn", e.AlarmTopicARN}} {
		if regional.arn != "" && e.Region != "" && strings.Split(regional.arn, ":")[3] != e.Region {
			found = append(found, fmt.Sprintf("%s: must be in %s %s, got %q", from.name(regional.name), from.name("region"), e.Region, regional.arn))
		}
	}
	return append(append(found, e.modelConflicts(from)...), e.concurrencyConflicts(from)...)
}

// ownDefault says in a message that a value is the preset's.
func (e *Environment) ownDefault() string { return e.Name + "'s default" }

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
