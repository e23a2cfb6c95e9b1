package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestSchedulesAsRules(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.Schedules = []lambda.Schedule{
			{Expression: "rate(5 minutes)"},
			{Name: "nightly", Expression: "cron(0 3 * * ? *)", Input: new(`{"a":1}`), Description: "At night", Disabled: true},
			{Name: "a.b", Expression: "rate(1 day)"},
			{Name: "a_b", Expression: "rate(1 day)"},
		}
	})
	equal(t, "resources", map[string]int{
		"aws_cloudwatch_event_rule": 4, "aws_cloudwatch_event_target": 4, "aws_lambda_permission": 4, "aws_cloudwatch_log_group": 1,
		"aws_lambda_function": 1, "aws_iam_role": 1, "aws_iam_role_policy_attachment": 1,
	}, s.Kinds())
	rule := s.Named("aws_cloudwatch_event_rule", "Schedules_schedule")
	equal(t, "rule", map[string]any{
		"name": "orders-schedule", "schedule_expression": "rate(5 minutes)", "tags": map[string]any{"Name": "orders-schedule"},
	}, withoutComment(rule))
	nightly := s.Named("aws_cloudwatch_event_rule", "nightly")
	equal(t, "nightly", map[string]any{
		"name": "orders-nightly", "schedule_expression": "cron(0 3 * * ? *)", "description": "At night", "state": "DISABLED",
		"tags": map[string]any{"Name": "orders-nightly"},
	}, withoutComment(nightly))
	target := s.Named("aws_cloudwatch_event_target", "nightly")
	equal(t, "its target's id", any("lambda"), target["target_id"])
	equal(t, "its input", any(`{"a":1}`), target["input"])
	ids := map[any]bool{}
	for name, permission := range s.Resources("aws_lambda_permission") {
		ids[permission["statement_id"]] = true
		equal(t, name+"'s principal", any("events.amazonaws.com"), permission["principal"])
		if source, _ := permission["source_arn"].(string); !strings.HasPrefix(source, "${aws_cloudwatch_event_rule.") {
			t.Errorf("%s: source %q, want a rule", name, source)
		}
	}
	equal(t, "statement ids", map[any]bool{
		"AllowExecutionFromCloudWatch": true, "AllowExecutionFromCloudWatch-nightly": true,
		"AllowExecutionFromCloudWatch-a_b": true, "AllowExecutionFromCloudWatch-a_b-2e7336dc": true,
	}, ids)
}

func TestSchedulesWithScheduler(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.Schedules = []lambda.Schedule{
			{Name: "berlin", Expression: "cron(0 9 ? * MON-FRI *)", TimeZone: "Europe/Berlin", FlexibleWindow: 24 * time.Hour, Input: new(`{"a":1}`)},
			{Name: "once", Expression: "at(2027-01-31T09:00:00)", Disabled: true},
			{Name: "Role", Expression: "rate(1 minutes)", Engine: lambda.EngineScheduler},   // also what a role might be called
			{Name: "Policy", Expression: "rate(1 minutes)", Engine: lambda.EngineScheduler}, // and its policy
		}
	})
	equal(t, "schedules", 4, len(s.Resources("aws_scheduler_schedule")))
	equal(t, "permissions and rules", 0, s.Kinds()["aws_lambda_permission"]+s.Kinds()["aws_cloudwatch_event_rule"])
	fn := found(s, "aws_lambda_function")[0]
	role := s.Named("aws_iam_role", "Scheduler_Role")
	equal(t, "role", any("orders-scheduler-role"), role["name"])
	equal(t, "trust", any(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole",`+
		`"Condition":{"StringEquals":{"aws:SourceAccount":"${element(split(":", `+fn+`.arn), 4)}"}}}]}`), role["assume_role_policy"])
	equal(t, "may", []string{`{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":["${` + fn + `.arn}","${` + fn + `.arn}:*"]}`},
		statements(t, s, "Scheduler_Policy"))
	berlin := s.Named("aws_scheduler_schedule", "berlin")
	equal(t, "name", any("orders-berlin"), berlin["name"])
	equal(t, "time zone", any("Europe/Berlin"), berlin["schedule_expression_timezone"])
	equal(t, "window", any(map[string]any{"mode": "FLEXIBLE", "maximum_window_in_minutes": 1440.0}), berlin["flexible_time_window"])
	equal(t, "input", any(`{"a":1}`), synthtest.Get(berlin, "target", "input"))
	once := s.Named("aws_scheduler_schedule", "once")
	equal(t, "no window", any(map[string]any{"mode": "OFF"}), once["flexible_time_window"])
	equal(t, "state", any("DISABLED"), once["state"])
	equal(t, "waits for", 1, len(waits(once)))
}

// TestManySchedules: names fit the services' limits, and none repeats.
func TestManySchedules(t *testing.T) {
	const many = 40
	s := one(t, func(p *lambda.Props) {
		p.FunctionName = strings.Repeat("f", 64)
		for i := range many {
			p.Schedules = append(p.Schedules, lambda.Schedule{
				Name: strings.Repeat("s", 25+i), Expression: "rate(1 day)", Engine: []lambda.ScheduleEngine{lambda.EngineRule, lambda.EngineScheduler}[i%2],
			})
		}
	})
	seen := map[string]bool{}
	for _, kind := range []string{"aws_cloudwatch_event_rule", "aws_scheduler_schedule"} {
		for _, body := range s.Resources(kind) {
			name, _ := body["name"].(string)
			if len(name) > 64 || strings.HasPrefix(name, "-") || seen[name] {
				t.Errorf("%s: got %q, too long, again or without a beginning", kind, name)
			}
			seen[name] = true
		}
	}
	equal(t, "schedules", many, len(seen))
	equal(t, "roles", 2, len(s.Resources("aws_iam_role")))
	for name, permission := range s.Resources("aws_lambda_permission") {
		if id, _ := permission["statement_id"].(string); len(id) > 100 {
			t.Errorf("%s: statement id %q is too long", name, id)
		}
	}
}
