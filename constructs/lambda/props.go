package lambda

import (
	"time"

	"github.com/aegis-agents/aegis/constructs/iam"
)

// Props describe a function. Plain values are read at synth and checked; a
// *string may be a Terraform token. Limits are those of
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
// where no other page is named.
type Props struct {
	// FunctionName is the function's name: 1 to 64 letters, digits, - and _.
	// Default: made from the construct's path, with a hash as its tail.
	FunctionName string

	// Description says what the function is for, in at most 256 characters.
	// Default: none.
	Description string

	// Code is what runs: Directory, ZipFile, S3Object, GoPackage or Image. Required.
	Code Code

	// CodeBucket is the name of an S3 bucket that the package is uploaded
	// through, which a package over 50 MiB needs. Not for S3Object and Image.
	// Default: the package is uploaded with the function.
	CodeBucket *string

	// Handler is the entry point, "file.function" in most runtimes, without
	// white space, at most 128 characters. Required, but for GoPackage
	// (Default: "bootstrap") and Image (refused).
	Handler string

	// Runtime is the language and version. Required, but for GoPackage
	// (Default: provided.al2023) and Image (refused).
	Runtime Runtime

	// Architecture is the processor. Default: X8664.
	Architecture Architecture

	// MemoryMiB is the memory in MiB, from 128 to 10240; processor time grows
	// with it. Default: 128.
	MemoryMiB int

	// Timeout ends an invocation: whole seconds, from 1s to 15m. Default: 3s.
	Timeout time.Duration

	// EphemeralStorageMiB is the size of /tmp in MiB, from 512 to 10240.
	// Default: 512.
	EphemeralStorageMiB int

	// Environment are the environment variables. A key has at least two
	// letters, digits and _ and begins with a letter; Lambda's own names are
	// refused; all together take at most 4 KB.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
	// Default: none.
	Environment map[string]*string

	// EnvironmentKMSKeyARN is the key that encrypts the environment at rest;
	// the role may then decrypt with it. Only with Environment or Secrets.
	// Default: AWS's own key.
	EnvironmentKMSKeyARN *string

	// Secrets are environment variables that hold the ARN of a Secrets Manager
	// secret, which the role may read. The secret's value reaches neither the
	// environment nor Terraform's state. Default: none.
	Secrets map[string]*string

	// Layers are ARNs of layer versions, at most 5, in the order they are
	// laid over each other. Default: none.
	Layers []*string

	// ReservedConcurrency sets aside this many concurrent executions and is
	// also their limit; 0 stops the function, -1 is unreserved.
	// Default: unreserved.
	ReservedConcurrency *int

	// TracingMode is Active to sample and trace requests with X-Ray, which the
	// role is then allowed. Default: PassThrough.
	TracingMode TracingMode

	// VPC puts the function into subnets of a VPC. Default: none.
	VPC *VPC

	// DeadLetter is where events go that failed asynchronously: a queue or a
	// topic, which the role may then send to. Default: none.
	DeadLetter Destination

	// FileSystem mounts an EFS access point. Only with VPC. Default: none.
	FileSystem *FileSystem

	// CodeSigningConfigARN lets only signed code run. Default: none.
	CodeSigningConfigARN *string

	// SnapStart starts new versions from a snapshot. It needs the runtime of
	// Java 11, Python 3.12, .NET 8 or a later one, publishes versions, and goes
	// with neither provisioned concurrency, nor a file system, nor /tmp over
	// 512 MiB.
	// https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
	// Default: off.
	SnapStart bool

	// Publish makes a new version with each change. An alias that follows the
	// versions and SnapStart publish by themselves. Default: off.
	Publish bool

	// Alias is a name for a version; triggers, URL and permissions then go to
	// the alias. Default: none.
	Alias *Alias

	// ExistingRoleARN is a role made elsewhere, instead of the function's own.
	// Default: the function gets a role of its own.
	ExistingRoleARN *string

	// ExistingRoleName is the name of the role in ExistingRoleARN. When set, the
	// policies that the function needs are added to that role; otherwise
	// nothing is. Default: none.
	ExistingRoleName *string

	// RoleName names the function's own role: at most 64 letters, digits and
	// +=,.@_-. Default: the function's name and "-role", shortened with a hash
	// when over 64.
	RoleName string

	// RolePath is the path of the function's own role. Default: "/".
	RolePath string

	// PermissionsBoundaryARN limits what the function's own role can ever do.
	// Default: none.
	PermissionsBoundaryARN *string

	// ManagedPolicyARNs are attached to the role, one attachment each; they may
	// be unknown until apply. Removing one leaves the others alone. Default: none.
	ManagedPolicyARNs []*string

	// InlinePolicy is a JSON policy document for the role. Default: none.
	InlinePolicy *string

	// PolicyStatements are added to the role; the function waits for them.
	// Statements that speak of what depends on the function itself go into
	// AddToRolePolicy. Default: none.
	PolicyStatements []iam.Statement

	// LogPermission says how the role may write logs. Default: LogPermissionManaged.
	LogPermission LogPermission

	// LogRetentionDays is how long logs are kept: 1, 3, 5, 7, 14, 30, 60, 90,
	// 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or
	// 3653 days, or RetainForever. Default: 7.
	LogRetentionDays int

	// LogKMSKeyARN is the key that encrypts the log group; its policy must let
	// CloudWatch Logs use it. Default: CloudWatch's own.
	LogKMSKeyARN *string

	// LogFormat is LogText or LogJSON. Default: LogText.
	LogFormat LogFormat

	// ApplicationLogLevel is the lowest level that the function's own JSON logs
	// are kept from: TRACE, DEBUG, INFO, WARN, ERROR or FATAL. Only with
	// LogJSON. Default: INFO.
	ApplicationLogLevel LogLevel

	// SystemLogLevel is the lowest level of Lambda's own JSON logs: DEBUG, INFO
	// or WARN. Only with LogJSON. Default: INFO.
	SystemLogLevel LogLevel

	// ExistingLogGroupName is a log group made elsewhere; the function then has
	// none of its own. Default: "/aws/lambda/" and the function's name.
	ExistingLogGroupName *string

	// ExistingLogGroupARN is the ARN of that group, which LogPermissionScoped
	// needs. Default: none.
	ExistingLogGroupARN *string

	// URL gives the function an HTTPS endpoint. Default: none.
	URL *FunctionURL

	// Schedules call the function by the clock. Default: none.
	Schedules []Schedule

	// EventSources are queues and streams that the function reads: SQSSource,
	// DynamoDBSource or KinesisSource. Default: none.
	EventSources []EventSource

	// Permissions let other principals call the function. Default: none.
	Permissions []Permission

	// AsyncInvoke sets how asynchronous calls are retried and where their
	// results go. Default: Lambda's own, two retries within six hours.
	AsyncInvoke *AsyncInvoke

	// Tags are put on every resource that takes tags, with Name added: at most
	// 49, keys to 128 and values to 256 characters, no "aws:". Default: none.
	Tags map[string]*string
}
