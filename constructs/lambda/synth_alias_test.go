package lambda_test

import (
	"testing"
	"time"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

func TestAliasFollows(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.Alias = &lambda.Alias{Name: "live", AdditionalVersionWeights: map[string]float64{"3": 0.25}, ProvisionedConcurrency: 2}
	})
	fn := found(s, "aws_lambda_function")[0]
	equal(t, "publish", any(true), s.Only("aws_lambda_function")["publish"])
	equal(t, "alias", map[string]any{
		"name": "live", "function_name": "${" + fn + ".function_name}", "function_version": "${" + fn + ".version}",
		"routing_config": map[string]any{"additional_version_weights": map[string]any{"3": 0.25}},
	}, withoutComment(s.Only("aws_lambda_alias")))
	equal(t, "provisioned", map[string]any{
		"function_name": "${" + fn + ".function_name}", "qualifier": "${" + found(s, "aws_lambda_alias")[0] + ".name}",
		"provisioned_concurrent_executions": 2.0,
	}, withoutComment(s.Only("aws_lambda_provisioned_concurrency_config")))
}

// TestAliasOfVersion is the module's behaviour.
func TestAliasOfVersion(t *testing.T) {
	for _, version := range []string{"$LATEST", "7"} {
		t.Run(version, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) { p.Alias = &lambda.Alias{Name: "live", FunctionVersion: version} })
			equal(t, "publish", nil, s.Only("aws_lambda_function")["publish"])
			alias := s.Only("aws_lambda_alias")
			equal(t, "version", any(version), alias["function_version"])
			equal(t, "lifecycle", any(map[string]any{"ignore_changes": []any{"function_version"}}), alias["lifecycle"])
		})
	}
}

func TestPublish(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(p *lambda.Props)
		want   any
	}{
		{name: "default", change: func(*lambda.Props) {}},
		{name: "asked for", change: func(p *lambda.Props) { p.Publish = true }, want: true},
		{name: "SnapStart", change: func(p *lambda.Props) { p.SnapStart = true }, want: true},
		{name: "asked for, alias of a version", change: func(p *lambda.Props) {
			p.Publish, p.Alias = true, &lambda.Alias{Name: "live", FunctionVersion: "7"}
		}, want: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fn := one(t, tc.change).Only("aws_lambda_function")
			equal(t, "publish", tc.want, fn["publish"])
			if tc.name == "SnapStart" {
				equal(t, "snap_start", any(map[string]any{"apply_on": "PublishedVersions"}), fn["snap_start"])
			}
		})
	}
}

// triggers are props with everything that calls the function.
func triggers(p *lambda.Props) {
	p.URL = &lambda.FunctionURL{AuthType: lambda.AuthNone}
	p.Schedules = []lambda.Schedule{
		{Name: "rule", Expression: "rate(1 day)"}, {Name: "scheduler", Expression: "rate(1 day)", TimeZone: "Europe/Berlin"},
	}
	p.EventSources = []lambda.EventSource{lambda.SQSSource{QueueARN: new(queueARN)}}
	p.Permissions = []lambda.Permission{{ID: "Account", Principal: new(account)}}
	p.AsyncInvoke = &lambda.AsyncInvoke{MaximumEventAge: time.Hour, MaximumRetryAttempts: new(0)}
}

// TestTriggersCallTheAlias: all of them do where there is one, and the function
// itself where there is none.
func TestTriggersCallTheAlias(t *testing.T) {
	for _, tc := range []struct {
		name  string
		alias *lambda.Alias
	}{{name: "function"}, {name: "alias", alias: &lambda.Alias{Name: "live"}}} {
		t.Run(tc.name, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) { triggers(p); p.Alias = tc.alias })
			target, qualifier := "${"+found(s, "aws_lambda_function")[0]+".arn}", any(nil)
			if tc.alias != nil {
				address := found(s, "aws_lambda_alias")[0]
				target, qualifier = "${"+address+".arn}", "${"+address+".name}"
			}
			equal(t, "URL", qualifier, s.Only("aws_lambda_function_url")["qualifier"])
			equal(t, "async", qualifier, s.Only("aws_lambda_function_event_invoke_config")["qualifier"])
			equal(t, "event source", any(target), s.Only("aws_lambda_event_source_mapping")["function_name"])
			equal(t, "rule's target", any(target), s.Only("aws_cloudwatch_event_target")["arn"])
			equal(t, "schedule", any(target), synthtest.Get(s.Only("aws_scheduler_schedule"), "target", "arn"))
			equal(t, "permissions", 3, len(s.Resources("aws_lambda_permission"))) // URL, rule, account
			for name, permission := range s.Resources("aws_lambda_permission") {
				equal(t, name, qualifier, permission["qualifier"])
			}
		})
	}
}

func TestAsyncInvoke(t *testing.T) {
	s := one(t, func(p *lambda.Props) { p.AsyncInvoke = &lambda.AsyncInvoke{MaximumRetryAttempts: new(0)} })
	equal(t, "config", map[string]any{
		"function_name": "${" + found(s, "aws_lambda_function")[0] + ".function_name}", "maximum_retry_attempts": 0.0,
	}, withoutComment(s.Only("aws_lambda_function_event_invoke_config")))
}

func TestReservedConcurrency(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  *int
		want any
	}{{name: "unreserved"}, {name: "unreserved, said so", set: new(-1), want: -1.0}, {name: "stopped", set: new(0), want: 0.0}, {name: "10", set: new(10), want: 10.0}} {
		t.Run(tc.name, func(t *testing.T) {
			s := one(t, func(p *lambda.Props) { p.ReservedConcurrency = tc.set })
			equal(t, "reserved_concurrent_executions", tc.want, s.Only("aws_lambda_function")["reserved_concurrent_executions"])
		})
	}
}
