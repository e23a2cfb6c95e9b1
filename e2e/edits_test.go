//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecstaskdefinition"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

// settings are what the user changes about the stack "changes".
type settings struct {
	source   string // the folder of Orders' code
	agent    string // the folder of the agent's program
	policies []string
	on       bool // the switches
}

// change is one edit of the user's, and all that it may plan: an action, a type
// and a construct's path. With nil, what is synthesized has to be the same byte
// by byte, so that there is nothing to plan.
type change struct {
	name string
	edit func(t *testing.T, s *settings)
	want []string
}

// edits are planned, each on its own, after the stack was applied.
var edits = []change{
	{"one source file", func(t *testing.T, s *settings) {
		s.source = copied(t, s.source, "edited")
		must(t, os.WriteFile(filepath.Join(s.source, "lib", "helper.py"), []byte("helped = False\n"), 0o644))
	}, []string{"update aws_lambda_function Orders/Resource"}},
	{"the agent's source", func(t *testing.T, s *settings) {
		s.agent = copied(t, s.agent, "edited")
		must(t, os.WriteFile(filepath.Join(s.agent, "main.go"), []byte("package main\n\nfunc main() { println(\"edited\") }\n"), 0o644))
	}, []string{"replace terraform_data Agent/Build", "replace aws_ecs_task_definition Task"}},
	{"a test of the agent's", func(t *testing.T, s *settings) {
		s.agent = copied(t, s.agent, "tested")
		must(t, os.WriteFile(filepath.Join(s.agent, "main_test.go"), []byte("package main\n"), 0o644))
	}, nil},
	{"a new file that is excluded", func(t *testing.T, s *settings) {
		s.source = copied(t, s.source, "tested")
		must(t, writeFiles(s.source, map[string]string{"tests/test_main.py": "# more\n", "__pycache__/main.pyc": "x"}))
	}, nil},
	{"an executable file", func(t *testing.T, s *settings) {
		s.source = copied(t, s.source, "executable")
		must(t, os.Chmod(filepath.Join(s.source, "main.py"), 0o755))
	}, []string{"update aws_lambda_function Orders/Resource"}},
	{"another name of the folder", func(t *testing.T, s *settings) {
		s.source, s.agent = copied(t, s.source, "renamed"), copied(t, s.agent, "renamed too")
	}, nil},
	{"times of the files", func(t *testing.T, s *settings) {
		s.source, s.agent = touched(t, s.source), touched(t, s.agent)
	}, nil},
	{"a strict umask", func(t *testing.T, s *settings) {
		s.source, s.agent = withModes(t, s.source, 0o600, 0o700), withModes(t, s.agent, 0o600, 0o700)
	}, nil},
	{"a lax umask", func(t *testing.T, s *settings) {
		s.source, s.agent = withModes(t, s.source, 0o666, 0o777), withModes(t, s.agent, 0o666, 0o777)
	}, nil},
	{"another checkout", func(t *testing.T, s *settings) {
		elsewhere := filepath.Join("another", "check out", "of", "it")
		s.source, s.agent = copied(t, s.source, elsewhere), copied(t, s.agent, elsewhere)
	}, nil},
	{"the first of three policies removed", func(_ *testing.T, s *settings) { s.policies = s.policies[1:] },
		[]string{"delete aws_iam_role_policy_attachment Orders/ManagedPolicy"}},
	{"the policies in another order", func(_ *testing.T, s *settings) { slices.Reverse(s.policies) }, []string{}},
	{"all that changes nothing", func(t *testing.T, s *settings) {
		s.source, s.agent = withModes(t, touched(t, s.source), 0o600, 0o700), withModes(t, touched(t, s.agent), 0o600, 0o700)
		slices.Reverse(s.policies)
	}, []string{}},
}

// switches are turned on and off in one apply each, every one on a function of
// its own.
var switches = []switched{
	{"alias", func(p *lambda.Props, _ surroundings) { p.Alias = &lambda.Alias{Name: "live"} },
		[]string{"create aws_lambda_alias Alias", "update aws_lambda_function Resource"},
		[]string{"delete aws_lambda_alias Alias", "update aws_lambda_function Resource"}, nil},
	{"alias-with-triggers", func(p *lambda.Props, _ surroundings) { p.Alias = &lambda.Alias{Name: "live"} },
		[]string{
			"create aws_lambda_alias Alias", "update aws_lambda_function Resource", "replace aws_lambda_function_url URL/Resource",
			"update aws_cloudwatch_event_target Schedules/schedule/Target", "replace aws_lambda_permission Schedules/schedule/Permission",
		},
		[]string{
			"delete aws_lambda_alias Alias", "update aws_lambda_function Resource", "replace aws_lambda_function_url URL/Resource",
			"update aws_cloudwatch_event_target Schedules/schedule/Target", "replace aws_lambda_permission Schedules/schedule/Permission",
		},
		func(p *lambda.Props) {
			p.URL = &lambda.FunctionURL{}
			p.Schedules = []lambda.Schedule{{Expression: "rate(1 hour)"}}
		}},
	{"schedule", func(p *lambda.Props, _ surroundings) { p.Schedules = []lambda.Schedule{{Expression: "rate(1 hour)"}} },
		[]string{
			"create aws_cloudwatch_event_rule Schedules/schedule/Rule", "create aws_cloudwatch_event_target Schedules/schedule/Target",
			"create aws_lambda_permission Schedules/schedule/Permission",
		},
		[]string{
			"delete aws_cloudwatch_event_rule Schedules/schedule/Rule", "delete aws_cloudwatch_event_target Schedules/schedule/Target",
			"delete aws_lambda_permission Schedules/schedule/Permission",
		}, nil},
	{"url", func(p *lambda.Props, _ surroundings) { p.URL = &lambda.FunctionURL{} },
		[]string{"create aws_lambda_function_url URL/Resource"},
		[]string{"delete aws_lambda_function_url URL/Resource"}, nil},
	{"vpc", func(p *lambda.Props, s surroundings) {
		p.VPC = &lambda.VPC{SubnetIDs: []*string{s.subnet}, SecurityGroupIDs: []*string{s.group}}
	},
		[]string{"create aws_iam_role_policy_attachment ManagedPolicy/AWSLambdaENIManagementAccess", "update aws_lambda_function Resource"},
		[]string{"delete aws_iam_role_policy_attachment ManagedPolicy/AWSLambdaENIManagementAccess", "update aws_lambda_function Resource"}, nil},
	{"dead-letters", func(p *lambda.Props, s surroundings) { p.DeadLetter = lambda.Destination{QueueARN: s.queue} },
		[]string{"create aws_iam_role_policy ExecutionPolicy", "update aws_lambda_function Resource"},
		// The emulator has forgotten the target (exceptions_test.go): there is
		// nothing left to update.
		[]string{"delete aws_iam_role_policy ExecutionPolicy"}, nil},
}

type switched struct {
	name    string
	props   func(p *lambda.Props, s surroundings)
	on, off []string
	// always are props that stay.
	always func(p *lambda.Props)
}

type surroundings struct {
	network

	queue *string
}

func (s settings) switched(on bool) settings {
	s.on = on
	return s
}

func (s settings) define(stack cdktf.TerraformStack) {
	around := surroundings{newNetwork(stack), newQueue(stack, "Failed", "changes-failed").Arn()}
	props := func(name, source string) lambda.Props {
		return lambda.Props{
			FunctionName: "changes-" + name, Code: lambda.Directory{Path: source}, Handler: "main.lambda_handler", Runtime: lambda.Python312,
		}
	}
	orders := props("orders", s.source)
	for _, name := range s.policies {
		orders.ManagedPolicyARNs = append(orders.ManagedPolicyARNs, jsii.String("arn:aws:iam::aws:policy/"+name))
	}
	lambda.NewFunction(stack, "Orders", orders)
	lambda.NewFunction(stack, "Other", props("other", filepath.Join(sources(), "plain")))
	a := agent.New(stack, "Agent", agent.Props{
		Name: "changes-agent", Source: agent.GoPackage{Path: ".", Dir: s.agent}, ForceDelete: true, CreateRole: true, CreateLogGroup: true,
	})
	ecstaskdefinition.NewEcsTaskDefinition(stack, jsii.String("Task"), &ecstaskdefinition.EcsTaskDefinitionConfig{
		Family: jsii.String("changes-agent"), Cpu: jsii.String("256"), Memory: jsii.String("512"),
		NetworkMode: jsii.String("awsvpc"), RequiresCompatibilities: jsii.Strings("FARGATE"),
		ContainerDefinitions: jsii.String(`[{"name":"agent","image":"` + *a.ImageDigestURI() + `","essential":true}]`),
	})
	for _, sw := range switches {
		p := props(sw.name, filepath.Join(sources(), "plain"))
		if sw.always != nil {
			sw.always(&p)
		}
		if s.on {
			sw.props(&p, around)
		}
		lambda.NewFunction(stack, sw.name, p)
	}
}
