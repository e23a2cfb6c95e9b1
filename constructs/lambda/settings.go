package lambda

import (
	"cmp"
	"strings"
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
	unreserved                 = -1 // the provider's word for no reserved concurrency
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
	layered      bool // a layer may hold the handler
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
		layered:      len(props.Layers) > 0,
		environment:  map[string]*string{},
	}
	s.roleName = cmp.Or(props.RoleName, check.DerivedRoleName(s.name, "-role"))
	if _, compiled := props.Code.(GoPackage); compiled {
		s.handler = cmp.Or(props.Handler, bootstrapHandler)
		s.runtime = cmp.Or(props.Runtime, ProvidedAL2023)
	}
	for _, variables := range []map[string]*string{props.Environment, props.Secrets} {
		for name, value := range variables {
			s.environment[name] = text(value)
		}
	}
	return s
}

// custom reports whether the runtime starts the package's own bootstrap.
func (s settings) custom() bool { return strings.HasPrefix(string(s.runtime), "provided.") }
