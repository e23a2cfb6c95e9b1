package lambda

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Limits of https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
// and of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxFunctionName     = 64
	maxDescription      = 256
	maxHandler          = 128
	minMemoryMiB        = 128
	maxMemoryMiB        = 10240
	minTimeout          = time.Second
	maxTimeout          = 15 * time.Minute
	minEphemeralMiB     = 512
	maxEphemeralMiB     = 10240
	maxLayers           = 5
	maxSubnets          = 16
	maxSecurityGroups   = 5
	maxMountPath        = 160
	maxLogGroupName     = 512
	maxEnvironmentBytes = 4096
)

var (
	functionName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	handlerText  = regexp.MustCompile(`^\S+$`)
	runtimeName  = regexp.MustCompile(`^[a-z]+[a-z0-9.]*$`)
	layerVersion = regexp.MustCompile(`^arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$`)
	mountPath    = regexp.MustCompile(`^/mnt/[a-zA-Z0-9_.-]+$`)
	logGroupName = regexp.MustCompile(`^[a-zA-Z0-9._/#-]+$`)
	variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)
	// Java from 11, Python from 3.12 and .NET from 8.
	// https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
	snapStartable = regexp.MustCompile(`^(java(1[1-9]|[2-9]\d)|python3\.(1[2-9]|[2-9]\d)|dotnet([89]|\d\d))$`)
)

// validate records every mistake in the props, in the order of their fields.
func validate(p *check.Problems, props Props, s settings) {
	p.Pattern("FunctionName", s.name, 1, maxFunctionName, functionName, "letters, digits, - and _")
	p.Length("Description", props.Description, 0, maxDescription)
	validateBucket(p, "CodeBucket", props.CodeBucket)
	validateEntryPoint(p, props, s)
	check.OneOf(p, "Architecture", s.architecture, X8664, ARM64)
	p.Range("MemoryMiB", s.memoryMiB, minMemoryMiB, maxMemoryMiB)
	p.Seconds("Timeout", s.timeout, minTimeout, maxTimeout)
	p.Range("EphemeralStorageMiB", s.ephemeralMiB, minEphemeralMiB, maxEphemeralMiB)
	validateEnvironment(p, props)
	validateLayers(p, props.Layers)
	if c := props.ReservedConcurrency; c != nil && *c < unreserved {
		p.Addf("ReservedConcurrency", "must be 0 or more, or -1 for unreserved, got %d", *c)
	}
	check.OneOf(p, "TracingMode", s.tracing, PassThrough, Active)
	validateVPC(p, props.VPC)
	props.DeadLetter.check(p, "DeadLetter", "sqs", "sns")
	validateFileSystem(p, props)
	p.ARN("CodeSigningConfigARN", props.CodeSigningConfigARN, "lambda")
	validateSnapStart(p, props, s)
	validateAlias(p, props)
	validateRole(p, props, s)
	validateLogs(p, props, s)
	validateURL(p, props.URL)
	validateSchedules(p, props.Schedules)
	validateEventSources(p, props.EventSources)
	validatePermissions(p, props.Permissions)
	validateAsync(p, props.AsyncInvoke)
	// A Name of the user's own gives way to ours.
	ours := 1
	if _, named := props.Tags["Name"]; named {
		ours = 0
	}
	p.Tags("Tags", props.Tags, ours)
}

// validateEntryPoint checks what goes with the kind of code: a package needs a
// handler and a runtime, an image refuses them.
func validateEntryPoint(p *check.Problems, props Props, s settings) {
	switch props.Code.(type) {
	case nil:
		p.Addf("Code", "must be Directory, ZipFile, S3Object, GoPackage or Image, got nothing")
		return // what goes with the code cannot be said
	case Image:
		const why = "must not be set for a container image, got %q"
		if props.Handler != "" {
			p.Addf("Handler", why, props.Handler)
		}
		if props.Runtime != "" {
			p.Addf("Runtime", why, string(props.Runtime))
		}
		if len(props.Layers) > 0 {
			p.Addf("Layers", "must not be set for a container image, got %d", len(props.Layers))
		}
		if props.CodeSigningConfigARN != nil {
			p.Addf("CodeSigningConfigARN", "must not be set for a container image, got %s", check.Shown(props.CodeSigningConfigARN))
		}
		return
	}
	p.Pattern("Handler", s.handler, 1, maxHandler, handlerText, "without white space")
	known := p.Pattern("Runtime", string(s.runtime), 1, maxHandler, runtimeName, `an identifier such as "python3.12"`)
	if _, compiled := props.Code.(GoPackage); compiled && known && !s.custom() {
		p.Addf("Runtime", "must be provided.al2023 or provided.al2 for a Go package, got %q", string(s.runtime))
	}
}

// reserved are the variables that Lambda sets itself.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
var reserved = map[string]bool{
	"_HANDLER": true, "_X_AMZN_TRACE_ID": true, "AWS_DEFAULT_REGION": true, "AWS_REGION": true,
	"AWS_EXECUTION_ENV": true, "AWS_LAMBDA_FUNCTION_NAME": true, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": true,
	"AWS_LAMBDA_FUNCTION_VERSION": true, "AWS_LAMBDA_INITIALIZATION_TYPE": true, "AWS_LAMBDA_LOG_GROUP_NAME": true,
	"AWS_LAMBDA_LOG_STREAM_NAME": true, "AWS_ACCESS_KEY": true, "AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true,
	"AWS_SESSION_TOKEN": true, "AWS_LAMBDA_RUNTIME_API": true, "LAMBDA_TASK_ROOT": true, "LAMBDA_RUNTIME_DIR": true,
}

func validateEnvironment(p *check.Problems, props Props) {
	validateVariables(p, "Environment", props.Environment)
	validateVariables(p, "Secrets", props.Secrets)
	known := map[string]string{}
	for name, value := range props.Environment {
		known[name], _ = check.Literal(value)
	}
	for _, name := range slices.Sorted(maps.Keys(props.Secrets)) {
		f := fmt.Sprintf("Secrets[%q]", name)
		if _, both := props.Environment[name]; both {
			p.Addf(f, "must not be set in Environment too, got both")
		}
		p.ARN(f, props.Secrets[name], "secretsmanager")
		known[name], _ = check.Literal(props.Secrets[name])
	}
	// The service measures the JSON text; values that are not known yet count as empty.
	if text, err := check.MarshalJSON(known); err == nil && len(known) > 0 && len(text) > maxEnvironmentBytes {
		p.Addf("Environment", "must take at most %d bytes as JSON, got %d", maxEnvironmentBytes, len(text))
	}
	if props.EnvironmentKMSKeyARN != nil {
		p.ARN("EnvironmentKMSKeyARN", props.EnvironmentKMSKeyARN, "kms")
		if len(known) == 0 {
			p.Addf("EnvironmentKMSKeyARN", "must go with Environment or Secrets, got a key alone")
		}
	}
}

func validateVariables(p *check.Problems, field string, variables map[string]*string) {
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		f := fmt.Sprintf("%s[%q]", field, name)
		switch {
		case reserved[name]:
			p.Addf(f, "must not be a variable that Lambda sets itself, got %q", name)
		default:
			p.Pattern(f, name, 2, maxEnvironmentBytes, variableName, "letters, digits and _, beginning with a letter")
		}
		if variables[name] == nil {
			p.Addf(f, "must have a value, got nothing")
		}
	}
}

func validateLayers(p *check.Problems, layers []*string) {
	if len(layers) > maxLayers {
		p.Addf("Layers", "must have at most %d layers, got %d", maxLayers, len(layers))
	}
	p.Elements("Layers", layers, func(field string, arn *string) {
		if text, ok := check.Literal(arn); ok && !layerVersion.MatchString(text) {
			p.Addf(field, "must be the ARN of a layer version, got %q", text)
		}
	})
}

func validateVPC(p *check.Problems, v *VPC) {
	if v == nil {
		return
	}
	in := p.In("VPC")
	validateIDs(in, "SubnetIDs", "subnet-", v.SubnetIDs, maxSubnets)
	validateIDs(in, "SecurityGroupIDs", "sg-", v.SecurityGroupIDs, maxSecurityGroups)
}

func validateFileSystem(p *check.Problems, props Props) {
	if fs := props.FileSystem; fs != nil {
		in := p.In("FileSystem")
		if in.RequiredValue("AccessPointARN", fs.AccessPointARN) {
			in.ARN("AccessPointARN", fs.AccessPointARN, "elasticfilesystem")
		}
		in.Pattern("MountPath", fs.MountPath, 1, maxMountPath, mountPath, `"/mnt/" and a name`)
		if props.VPC == nil {
			p.Addf("FileSystem", "must go with VPC, got no VPC")
		}
	}
}

func validateIDs(p *check.Problems, field, prefix string, ids []*string, most int) {
	if len(ids) == 0 {
		p.Addf(field, "must not be empty: a VPC needs subnets and security groups, got nothing")
	}
	if len(ids) > most {
		p.Addf(field, "must have at most %d ids, got %d", most, len(ids))
	}
	p.Elements(field, ids, func(f string, id *string) {
		if text, ok := check.Literal(id); ok && !strings.HasPrefix(text, prefix) {
			p.Addf(f, "must begin with %q, got %q", prefix, text)
		}
	})
}

func validateSnapStart(p *check.Problems, props Props, s settings) {
	if !props.SnapStart {
		return
	}
	_, image := props.Code.(Image)
	switch {
	case image:
		p.Addf("SnapStart", "must not be set for a container image, got true")
	case s.runtime != "" && !snapStartable.MatchString(string(s.runtime)):
		p.Addf("SnapStart", "must go with java11, python3.12, dotnet8 or a later runtime, got %q", string(s.runtime))
	}
	p.Exclusive("SnapStart", "Alias.ProvisionedConcurrency", props.Alias != nil && props.Alias.ProvisionedConcurrency != 0)
	p.Exclusive("SnapStart", "FileSystem", props.FileSystem != nil)
	if s.ephemeralMiB > defaultEphemeralStorageMiB {
		p.Addf("SnapStart", "must go with EphemeralStorageMiB of %d, got %d", defaultEphemeralStorageMiB, s.ephemeralMiB)
	}
}

func validateRole(p *check.Problems, props Props, s settings) {
	given := props.ExistingRoleARN != nil
	p.RoleARN("ExistingRoleARN", props.ExistingRoleARN)
	if given {
		p.Exclusive("RoleName", "ExistingRoleARN", props.RoleName != "")
		p.Exclusive("RolePath", "ExistingRoleARN", props.RolePath != "")
		p.Exclusive("PermissionsBoundaryARN", "ExistingRoleARN", props.PermissionsBoundaryARN != nil)
		if name, ok := check.Literal(props.ExistingRoleName); ok {
			p.RoleName("ExistingRoleName", name)
		}
		if props.ExistingRoleName == nil && (len(props.ManagedPolicyARNs) > 0 || props.InlinePolicy != nil || len(props.PolicyStatements) > 0) {
			p.Addf("ExistingRoleName", "must be set for policies to be added to the role in ExistingRoleARN, got nothing")
		}
	} else {
		if props.ExistingRoleName != nil {
			p.Addf("ExistingRoleName", "must go with ExistingRoleARN, got a name alone")
		}
		p.RoleName("RoleName", s.roleName)
	}
	if props.RolePath != "" {
		p.RolePath("RolePath", props.RolePath)
	}
	p.PolicyARN("PermissionsBoundaryARN", props.PermissionsBoundaryARN)
	p.Elements("ManagedPolicyARNs", props.ManagedPolicyARNs, p.PolicyARN)
	p.NoListTokens("ManagedPolicyARNs", props.ManagedPolicyARNs)
	p.JSON("InlinePolicy", props.InlinePolicy)
	iam.Validate(p, "PolicyStatements", iam.Identity, props.PolicyStatements, needed(props, s, &everything)...)
	if check.OneOf(p, "LogPermission", s.permission, LogPermissionManaged, LogPermissionScoped) &&
		s.permission == LogPermissionScoped && props.ExistingLogGroupName != nil && props.ExistingLogGroupARN == nil {
		p.Addf("ExistingLogGroupARN", "must be set for LogPermissionScoped with an existing log group, got nothing")
	}
}

func validateLogs(p *check.Problems, props Props, s settings) {
	p.Retention("LogRetentionDays", s.retention)
	p.ARN("LogKMSKeyARN", props.LogKMSKeyARN, "kms")
	if check.OneOf(p, "LogFormat", s.logFormat, LogText, LogJSON) && s.logFormat == LogText {
		for _, level := range []struct {
			field string
			set   LogLevel
		}{{"ApplicationLogLevel", props.ApplicationLogLevel}, {"SystemLogLevel", props.SystemLogLevel}} {
			if level.set != "" {
				p.Addf(level.field, "must go with LogFormat JSON, got %q", string(level.set))
			}
		}
	}
	check.OneOf(p, "ApplicationLogLevel", s.appLevel, LogTrace, LogDebug, LogInfo, LogWarn, LogError, LogFatal)
	check.OneOf(p, "SystemLogLevel", s.systemLevel, LogDebug, LogInfo, LogWarn)
	if props.ExistingLogGroupName == nil {
		if props.ExistingLogGroupARN != nil {
			p.Addf("ExistingLogGroupARN", "must go with ExistingLogGroupName, got an ARN alone")
		}
		return
	}
	if name, ok := check.Literal(props.ExistingLogGroupName); ok {
		p.Pattern("ExistingLogGroupName", name, 1, maxLogGroupName, logGroupName, "letters, digits and ._/#-")
	}
	p.ARN("ExistingLogGroupARN", props.ExistingLogGroupARN, "logs")
	p.Exclusive("LogRetentionDays", "ExistingLogGroupName", props.LogRetentionDays != 0)
	p.Exclusive("LogKMSKeyARN", "ExistingLogGroupName", props.LogKMSKeyARN != nil)
}

// knownRuntimes are those that the pinned provider is known to take at plan.
var knownRuntimes = []Runtime{
	ProvidedAL2023, ProvidedAL2, NodeJS20, NodeJS22, "nodejs18.x", "python3.9", Python310, Python311, Python312, Python313,
	"java8.al2", "java11", Java17, Java21, "dotnet6", DotNet8, "ruby3.2", Ruby33, Ruby34,
}

// warnings are about what may be right and may fail at plan.
func warnings(s settings) []string {
	if s.runtime == "" || slices.Contains(knownRuntimes, s.runtime) {
		return nil
	}
	return []string{fmt.Sprintf("Runtime: AWS provider 5.99.1 may not know %q and refuse it at plan; "+
		"a container image or provided.al2023 works with every provider", string(s.runtime))}
}
