package lambda

import (
	"cmp"
	"maps"
	"time"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// Defaults of Props, in one place.
const (
	defaultMemoryMiB           = 128
	defaultTimeout             = 3 * time.Second
	defaultEphemeralStorageMiB = 512
	defaultRetentionDays       = 7
	bootstrapHandler           = "bootstrap"
)

// settings are the props with their defaults filled in. Props themselves are
// never modified.
type settings struct {
	name         string
	handler      string
	runtime      Runtime
	architecture Architecture
	memoryMiB    int
	timeout      time.Duration
	ephemeralMiB int
	tracing      TracingMode
	roleName     string
	permission   LogPermission
	retention    int
	logFormat    LogFormat
	appLevel     LogLevel
	systemLevel  LogLevel
	bucket       *string
	environment  map[string]*string
}

// resolve fills in the defaults; path is the construct's.
func resolve(props Props, path string) settings {
	s := settings{
		name:         cmp.Or(props.FunctionName, check.PathName(path, maxFunctionName)),
		handler:      props.Handler,
		runtime:      props.Runtime,
		architecture: cmp.Or(props.Architecture, X8664),
		memoryMiB:    cmp.Or(props.MemoryMiB, defaultMemoryMiB),
		timeout:      cmp.Or(props.Timeout, defaultTimeout),
		ephemeralMiB: cmp.Or(props.EphemeralStorageMiB, defaultEphemeralStorageMiB),
		tracing:      cmp.Or(props.TracingMode, PassThrough),
		permission:   cmp.Or(props.LogPermission, LogPermissionManaged),
		retention:    cmp.Or(props.LogRetentionDays, defaultRetentionDays),
		logFormat:    cmp.Or(props.LogFormat, LogText),
		appLevel:     cmp.Or(props.ApplicationLogLevel, LogInfo),
		systemLevel:  cmp.Or(props.SystemLogLevel, LogInfo),
		bucket:       props.CodeBucket,
		environment:  map[string]*string{},
	}
	s.roleName = cmp.Or(props.RoleName, check.DerivedRoleName(s.name, "-role"))
	if _, compiled := props.Code.(GoPackage); compiled {
		s.handler = cmp.Or(props.Handler, bootstrapHandler)
		s.runtime = cmp.Or(props.Runtime, ProvidedAL2023)
	}
	maps.Copy(s.environment, props.Environment)
	maps.Copy(s.environment, props.Secrets)
	return s
}
