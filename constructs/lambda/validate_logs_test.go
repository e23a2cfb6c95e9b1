package lambda

import "testing"

const logGroupARN = "arn:aws:logs:eu-central-1:123456789012:log-group:shared"

func TestValidateLogs(t *testing.T) {
	t.Parallel()
	const (
		appLevels    = `ApplicationLogLevel: must be "TRACE", "DEBUG", "INFO", "WARN", "ERROR" or "FATAL", got `
		systemLevels = `SystemLogLevel: must be "DEBUG", "INFO" or "WARN", got `
	)
	cases := []change{
		{name: "text", change: func(p *Props) { p.LogFormat = LogText }},
		{name: "JSON", change: func(p *Props) { p.LogFormat = LogJSON }},
		{
			name: "other format", change: func(p *Props) { p.LogFormat = "json" },
			want: []string{`LogFormat: must be "Text" or "JSON", got "json"`},
		},
		{
			name: "levels without a format", change: func(p *Props) { p.ApplicationLogLevel, p.SystemLogLevel = LogInfo, LogWarn },
			want: []string{
				`ApplicationLogLevel: must go with LogFormat JSON, got "INFO"`,
				`SystemLogLevel: must go with LogFormat JSON, got "WARN"`,
			},
		},
		{
			name: "level with text", change: func(p *Props) { p.LogFormat, p.ApplicationLogLevel = LogText, LogInfo },
			want: []string{`ApplicationLogLevel: must go with LogFormat JSON, got "INFO"`},
		},
		{
			name: "levels in small letters", change: func(p *Props) {
				p.LogFormat, p.ApplicationLogLevel, p.SystemLogLevel = LogJSON, "info", "warn"
			},
			want: []string{appLevels + `"info"`, systemLevels + `"warn"`},
		},
		{name: "scoped permission", change: func(p *Props) { p.LogPermission = LogPermissionScoped }},
		{name: "managed permission", change: func(p *Props) { p.LogPermission = LogPermissionManaged }},
		{
			name: "other permission", change: func(p *Props) { p.LogPermission = "all" },
			want: []string{`LogPermission: must be "managed" or "scoped", got "all"`},
		},
		{name: "key", change: func(p *Props) { p.LogKMSKeyARN = new(keyARN) }},
		{
			name: "key's alias", change: func(p *Props) { p.LogKMSKeyARN = new("alias/logs") },
			want: []string{`LogKMSKeyARN: must be an ARN of kms, got "alias/logs"`},
		},
	}
	for _, level := range []LogLevel{LogTrace, LogDebug, LogInfo, LogWarn, LogError, LogFatal} {
		cases = append(cases, change{
			name: "application " + string(level), change: func(p *Props) { p.LogFormat, p.ApplicationLogLevel = LogJSON, level },
		})
		system := change{name: "system " + string(level), change: func(p *Props) { p.LogFormat, p.SystemLogLevel = LogJSON, level }}
		if level == LogTrace || level == LogError || level == LogFatal {
			system.want = []string{systemLevels + `"` + string(level) + `"`}
		}
		cases = append(cases, system)
	}
	runChanges(t, cases)
}

func TestValidateExistingLogGroup(t *testing.T) {
	t.Parallel()
	group := func(name string) func(p *Props) {
		return func(p *Props) { p.ExistingLogGroupName = &name }
	}
	runChanges(t, []change{
		{name: "name", change: group("/aws/lambda/Az09.-_#")},
		{name: "name of 512 characters", change: group(times("a", 512))},
		{
			name: "name of 513 characters", change: group(times("a", 513)),
			want: []string{`ExistingLogGroupName: must have 1 to 512 characters, got 513 in "` + times("a", 60) + `"…`},
		},
		{name: "empty name", change: group(""), want: []string{"ExistingLogGroupName: must be set, got nothing"}},
		{
			name: "ARN as a name", change: group(logGroupARN),
			want: []string{`ExistingLogGroupName: must be letters, digits and ._/#-, got "` + logGroupARN + `"`},
		},
		{name: "name and ARN", change: func(p *Props) { p.ExistingLogGroupName, p.ExistingLogGroupARN = new("shared"), new(logGroupARN) }},
		{
			name: "ARN of something else", change: func(p *Props) { p.ExistingLogGroupName, p.ExistingLogGroupARN = new("shared"), new(keyARN) },
			want: []string{`ExistingLogGroupARN: must be an ARN of logs, got "` + keyARN + `"`},
		},
		{
			name: "ARN alone", change: func(p *Props) { p.ExistingLogGroupARN = new(logGroupARN) },
			want: []string{"ExistingLogGroupARN: must go with ExistingLogGroupName, got an ARN alone"},
		},
		{
			name: "with what is for the own group", change: func(p *Props) {
				p.ExistingLogGroupName, p.LogRetentionDays, p.LogKMSKeyARN = new("shared"), 7, new(keyARN)
			},
			want: []string{
				"LogRetentionDays: must not be set together with ExistingLogGroupName, got both",
				"LogKMSKeyARN: must not be set together with ExistingLogGroupName, got both",
			},
		},
		{
			name: "scoped permission without the ARN", change: func(p *Props) {
				p.ExistingLogGroupName, p.LogPermission = new("shared"), LogPermissionScoped
			},
			want: []string{"ExistingLogGroupARN: must be set for LogPermissionScoped with an existing log group, got nothing"},
		},
		{name: "scoped permission with the ARN", change: func(p *Props) {
			p.ExistingLogGroupName, p.ExistingLogGroupARN, p.LogPermission = new("shared"), new(logGroupARN), LogPermissionScoped
		}},
	})
}
