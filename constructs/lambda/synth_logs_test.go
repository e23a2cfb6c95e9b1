package lambda_test

import (
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

const writeLogs = `{"Sid":"WriteLogs","Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"`

func TestScopedLogPermission(t *testing.T) {
	s := one(t, func(p *lambda.Props) { p.LogPermission = lambda.LogPermissionScoped })
	group := found(s, "aws_cloudwatch_log_group")[0]
	equal(t, "statements", []string{writeLogs + `${` + group + `.arn}:*"}`}, statements(t, s, "Orders"))
	equal(t, "attached", []string{}, attached(s))
	equal(t, "the function waits for", append(found(s, "aws_cloudwatch_log_group"), policies(s)...), waits(s.Only("aws_lambda_function")))
	if data := s.JSON["data"]; data != nil {
		t.Errorf("data sources: got %v, want none", data)
	}
}

func TestRetention(t *testing.T) {
	for _, tc := range []struct {
		name string
		days int
		want float64
	}{{name: "default", want: 7}, {name: "a day", days: 1, want: 1}, {name: "for ever", days: lambda.RetainForever, want: 0}} {
		t.Run(tc.name, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) { p.LogRetentionDays = tc.days })
			equal(t, "retention", any(tc.want), s.Only("aws_cloudwatch_log_group")["retention_in_days"])
		})
	}
}

func TestLogFormat(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(p *lambda.Props)
		want   any
	}{
		{name: "default", change: func(*lambda.Props) {}},
		{name: "text", change: func(p *lambda.Props) { p.LogFormat = lambda.LogText }},
		{
			name: "JSON with both levels", change: func(p *lambda.Props) { p.LogFormat = lambda.LogJSON },
			want: map[string]any{"log_format": "JSON", "application_log_level": "INFO", "system_log_level": "INFO"},
		},
		{
			name: "JSON with levels", change: func(p *lambda.Props) {
				p.LogFormat, p.ApplicationLogLevel, p.SystemLogLevel = lambda.LogJSON, lambda.LogFatal, lambda.LogDebug
			},
			want: map[string]any{"log_format": "JSON", "application_log_level": "FATAL", "system_log_level": "DEBUG"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			equal(t, "logging_config", tc.want, one(t, tc.change).Only("aws_lambda_function")["logging_config"])
		})
	}
}

func TestExistingLogGroup(t *testing.T) {
	const arn = "arn:aws:logs:eu-central-1:123456789012:log-group:shared"
	t.Run("name", func(t *testing.T) {
		s := one(t, func(p *lambda.Props) { p.ExistingLogGroupName = new("shared") })
		equal(t, "log groups", 0, len(s.Resources("aws_cloudwatch_log_group")))
		equal(t, "logging_config", any(map[string]any{"log_format": "Text", "log_group": "shared"}), s.Only("aws_lambda_function")["logging_config"])
		equal(t, "the function waits for", policies(s), waits(s.Only("aws_lambda_function")))
	})
	for _, given := range []string{arn, arn + ":*"} {
		t.Run(given, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) {
				p.ExistingLogGroupName, p.ExistingLogGroupARN, p.LogPermission = new("shared"), &given, lambda.LogPermissionScoped
			})
			equal(t, "statements", []string{writeLogs + arn + `:*"}`}, statements(t, s, "Orders"))
		})
	}
	t.Run("of the stack", func(t *testing.T) {
		s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
			group := cloudwatchloggroup.NewCloudwatchLogGroup(stack, jsii.String("Logs"), &cloudwatchloggroup.CloudwatchLogGroupConfig{Name: jsii.String("shared")})
			props := required()
			props.ExistingLogGroupName, props.ExistingLogGroupARN, props.LogPermission = group.Name(), group.Arn(), lambda.LogPermissionScoped
			fn := lambda.NewFunction(stack, "Orders", props)
			if fn.Resources().LogGroup != nil {
				t.Error("Resources().LogGroup: got one, want none")
			}
		})
		equal(t, "statements", []string{writeLogs + `${aws_cloudwatch_log_group.Logs.arn}:*"}`}, statements(t, s, "Orders"))
	})
}
