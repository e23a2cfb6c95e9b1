package lambda

import "github.com/aegis-agents/aegis/constructs/internal/check"

// RetainForever as LogRetentionDays keeps logs until they are deleted.
const RetainForever = check.RetentionForever

// Runtime is a Lambda runtime. Any identifier is taken; one that the pinned AWS
// provider is not known to accept gets a warning.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
type Runtime string

const (
	ProvidedAL2023 Runtime = "provided.al2023"
	ProvidedAL2    Runtime = "provided.al2"
	NodeJS20       Runtime = "nodejs20.x"
	NodeJS22       Runtime = "nodejs22.x"
	Python310      Runtime = "python3.10"
	Python311      Runtime = "python3.11"
	Python312      Runtime = "python3.12"
	Python313      Runtime = "python3.13"
	Java17         Runtime = "java17"
	Java21         Runtime = "java21"
	DotNet8        Runtime = "dotnet8"
	Ruby33         Runtime = "ruby3.3"
	Ruby34         Runtime = "ruby3.4"
)

// Architecture is the processor that a function runs on.
type Architecture string

const (
	X8664 Architecture = "x86_64"
	ARM64 Architecture = "arm64"
)

// TracingMode says whether Lambda samples requests for X-Ray by itself.
type TracingMode string

const (
	PassThrough TracingMode = "PassThrough"
	Active      TracingMode = "Active"
)

// LogPermission says how the role may write logs.
type LogPermission string

const (
	// LogPermissionManaged attaches AWSLambdaBasicExecutionRole, which may
	// create and write any log group of the account.
	LogPermissionManaged LogPermission = "managed"
	// LogPermissionScoped lets the role write to the function's log group only,
	// and create none: a deleted group stays deleted.
	LogPermissionScoped LogPermission = "scoped"
)

// LogFormat is the form of the lines in the log.
type LogFormat string

const (
	LogText LogFormat = "Text"
	LogJSON LogFormat = "JSON"
)

// LogLevel is the level of a log line.
type LogLevel string

const (
	LogTrace LogLevel = "TRACE"
	LogDebug LogLevel = "DEBUG"
	LogInfo  LogLevel = "INFO"
	LogWarn  LogLevel = "WARN"
	LogError LogLevel = "ERROR"
	LogFatal LogLevel = "FATAL"
)
