package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
	"github.com/aegis-agents/aegis/controller/flow"
)

func TestMain(m *testing.M) { synthtest.Main(m) }

func synthesize(t *testing.T, environments ...Environment) map[string]*synthtest.Template {
	t.Helper()
	return synthtest.App(t, func(app cdktf.App) {
		for _, e := range environments {
			newStack(app, e)
		}
	})
}

// TestEnvironments looks at all environments, synthesized once.
func TestEnvironments(t *testing.T) {
	all := presets()
	stacks := synthesize(t, all[dev], all[staging], all[production])
	t.Run("names", func(t *testing.T) { namesDoNotCollide(t, stacks) })
	for name, check := range map[string]func(*testing.T, *synthtest.Template){
		"variables of functions": environmentsAreWhatProgramsRead, "containers": containersAreConfined,
		"names of machines": machinesNameTheirOwn, "asl-validator": machinesAreValid, "outputs": outputsLeakNothing,
		"alarms": alarmsSeeWhatFunctionsCount,
	} {
		for stack, template := range stacks {
			t.Run(name+"/"+stack, func(t *testing.T) { check(t, template) })
		}
	}
	t.Run("policies", func(t *testing.T) { policiesAreNarrow(t, stacks) })
	t.Run("calls", func(t *testing.T) { functionsMayDoWhatTheyCall(t, stacks[all[production].stackName()]) })
	t.Run("provider", func(t *testing.T) {
		// cdktf's own "aws" keeps OpenTofu upgrading.
		for name, stack := range stacks {
			if got := synthtest.Get(stack.JSON, "terraform", "required_providers", "aws", "source"); got != "hashicorp/aws" {
				t.Errorf("%s: provider source: got %v", name, got)
			}
		}
	})
}

func TestGolden(t *testing.T) {
	all := presets()
	stacks := synthesize(t, all[dev], all[production])
	stacks[all[dev].stackName()].Golden(dev)
	stacks[all[production].stackName()].Golden(production)
}

// TestOrderOfAgents: another order changes nothing, of no agent.
func TestOrderOfAgents(t *testing.T) {
	e := presets()[dev]
	first := synthesize(t, e)[e.stackName()]
	turned := agentSpecs()
	slices.Reverse(turned)
	second := synthtest.App(t, func(app cdktf.App) { newStackOf(app, e, turned) })[e.stackName()]
	if diff := cmp.Diff(string(first.Normalised()), string(second.Normalised())); diff != "" {
		t.Errorf("(-as listed +reversed):\n%s", diff)
	}
}

// TestGivenNetwork: with subnets of the user's there is no VPC, and the functions
// that run agents get what was given; with a model the agents may ask it alone.
func TestGivenNetwork(t *testing.T) {
	e := presets()[dev]
	e.Subnets, e.SecurityGroups = []string{"subnet-01234567", "subnet-89abcdef"}, []string{"sg-01234567"}
	e.ModelID = "eu.amazon.nova-pro-v1:0"
	e.AlarmTopicARN = "arn:aws:sns:eu-central-1:123456789012:alarms"
	stack := synthesize(t, e)[e.stackName()]
	for _, kind := range []string{"aws_vpc", "aws_subnet", "aws_security_group", "aws_vpc_endpoint", "aws_internet_gateway"} {
		if n := stack.Kinds()[kind]; n != 0 {
			t.Errorf("%d %s", n, kind)
		}
	}
	text := string(stack.Normalised())
	for _, want := range []string{`foundation-model/amazon.nova-pro-v1:0`, `inference-profile/eu.amazon.nova-pro-v1:0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	dispatcher := stack.Named("aws_lambda_function", "Dispatcher")
	for name, want := range map[string]string{"ASSIGN_PUBLIC_IP": "false"} {
		if got := synthtest.Get(dispatcher, "environment", "variables", name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for id, alarm := range stack.Resources("aws_cloudwatch_metric_alarm") {
		if actions, _ := alarm["alarm_actions"].([]any); len(actions) != 1 || actions[0] != e.AlarmTopicARN {
			t.Errorf("%s: actions %v", id, alarm["alarm_actions"])
		}
	}
}

// TestArchitecture: what runs is all for one processor.
func TestArchitecture(t *testing.T) {
	for architecture, want := range map[lambda.Architecture]struct {
		platform, task string
		none           []string
	}{
		lambda.ARM64: {"linux/arm64", "ARM64", []string{"x86", "amd64"}},
		lambda.X8664: {"linux/amd64", "X86_64", []string{"arm64"}},
	} {
		e := presets()[dev]
		e.Architecture = architecture
		stack := synthesize(t, e)[e.stackName()]
		for id, fn := range stack.Resources("aws_lambda_function") {
			if diff := cmp.Diff([]any{string(architecture)}, fn["architectures"]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", architecture, id, diff)
			}
		}
		for id, task := range stack.Resources("aws_ecs_task_definition") {
			if got := synthtest.Get(task, "runtime_platform", "cpu_architecture"); got != want.task {
				t.Errorf("%s: %s: got %v", architecture, id, got)
			}
		}
		text := string(stack.Normalised())
		if n := strings.Count(text, `"platform": "`+want.platform+`"`); n != len(agentSpecs()) {
			t.Errorf("%s: %d images for %s", architecture, n, want.platform)
		}
		for _, other := range want.none {
			if strings.Contains(strings.ToLower(text), other) {
				t.Errorf("%s: the stack names %s", architecture, other)
			}
		}
	}
}

var logGroup = regexp.MustCompile(`aws_cloudwatch_log_group\.[A-Za-z0-9_-]+`)

// TestLogGroups: all that logs has a group of its own, which forgets and, with a key,
// is encrypted by it.
func TestLogGroups(t *testing.T) {
	without, with := presets()[dev], presets()[production]
	with.KMSKeyARN = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
	stacks := synthesize(t, without, with)
	for _, e := range []Environment{without, with} {
		stack := stacks[e.stackName()]
		var key any
		if e.KMSKeyARN != "" {
			key = e.KMSKeyARN
		}
		for id, group := range stack.Resources("aws_cloudwatch_log_group") {
			if group["kms_key_id"] != key || group["retention_in_days"] != float64(e.LogRetentionDays) {
				t.Errorf("%s: key %v, %v days", id, group["kms_key_id"], group["retention_in_days"])
			}
		}
		used := map[string]string{}
		for _, kind := range []string{"aws_lambda_function", "aws_ecs_task_definition", "aws_sfn_state_machine"} {
			for id, body := range stack.Resources(kind) {
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				found := slices.Compact(slices.Sorted(slices.Values(logGroup.FindAllString(string(text), -1))))
				if len(found) != 1 || used[found[0]] != "" {
					t.Errorf("%s logs to %v, %v", id, found, used)
					continue
				}
				used[found[0]] = id
			}
		}
		if n := stack.Kinds()["aws_cloudwatch_log_group"]; n != len(used) {
			t.Errorf("%d log groups for %d that log", n, len(used))
		}
	}
}

// TestTags: the provider puts the tags on everything.
func TestTags(t *testing.T) {
	e := presets()[staging]
	e.CostCenter = "team 42"
	stack := synthesize(t, e)[e.stackName()]
	want := map[string]any{"Project": "aegis", "Environment": "staging", "ManagedBy": "terraform", "CostCenter": "team 42"}
	if diff := cmp.Diff(want, synthtest.Get(stack.JSON, "provider", "aws", "default_tags", "tags")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for kind := range stack.Kinds() {
		for id, body := range stack.Resources(kind) {
			tags, _ := body["tags"].(map[string]any)
			for name := range want {
				if tags[name] != nil {
					t.Errorf("%s.%s has a %s of its own", kind, id, name)
				}
			}
		}
	}
}

func TestHalves(t *testing.T) {
	t.Parallel()
	for cidr, want := range map[string][zones]string{
		"10.70.0.0/24": {"10.70.0.0/25", "10.70.0.128/25"},
		"10.0.0.0/16":  {"10.0.0.0/17", "10.0.128.0/17"},
		"10.0.64.0/19": {"10.0.64.0/20", "10.0.80.0/20"},
	} {
		if got := halves(cidr); got != want {
			t.Errorf("%s: got %v, want %v", cidr, got, want)
		}
	}
}

// namesDoNotCollide: several environments live in one account.
func namesDoNotCollide(t *testing.T, stacks map[string]*synthtest.Template) {
	t.Helper()
	seen := map[string]string{}
	for name, stack := range stacks {
		for kind := range stack.Kinds() {
			for id, body := range stack.Resources(kind) {
				// A policy's name is in its role.
				if kind == "aws_iam_role_policy" {
					continue
				}
				for _, attribute := range []string{
					"name", "name_prefix", "function_name", "family", "alarm_name", "dashboard_name", "bucket", "bucket_prefix",
				} {
					own, ok := body[attribute].(string)
					if !ok || strings.Contains(own, "${") || kind == "aws_lambda_alias" {
						continue
					}
					key := kind + " " + attribute + " " + own
					if other, taken := seen[key]; taken {
						t.Errorf("%s.%s has the %s %q in %s and in %s", kind, id, attribute, own, other, name)
					}
					seen[key] = name
					if !strings.Contains(own, name) {
						t.Errorf("%s.%s has the %s %q, in which %s is not", kind, id, attribute, own, name)
					}
				}
			}
		}
	}
	if len(seen) == 0 {
		t.Error("no resource has a name")
	}
}

// BenchmarkSynth is a warm synth of dev, with the Go builds and image digests of
// all that it deploys: as a user types it under 3 s on 2 cores. Its baseline, in the
// same run, is a stack with nothing but the provider.
func BenchmarkSynth(b *testing.B) {
	e := presets()[dev]
	synthtest.App(b, func(app cdktf.App) { newStack(app, e) }) // compiles what is not yet
	b.Run("aegis-dev", func(b *testing.B) {
		for b.Loop() {
			synthtest.App(b, func(app cdktf.App) { newStack(app, e) })
		}
	})
	b.Run("make synth, the command", func(b *testing.B) {
		outdir := b.TempDir()
		for b.Loop() {
			cmd := exec.CommandContext(b.Context(), "make", "--silent", "--no-print-directory", "synth", "ENV="+dev)
			cmd.Dir = filepath.Join("..", "..")
			cmd.Env = append(os.Environ(), "CDKTF_OUTDIR="+outdir)
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
		}
	})
	b.Run("baseline: an empty stack", func(b *testing.B) {
		for b.Loop() {
			synthtest.App(b, func(app cdktf.App) {
				addProvider(cdktf.NewTerraformStack(app, jsii.String("empty")), e)
			})
		}
	})
}

func TestS3Backend(t *testing.T) {
	e := presets()[dev]
	e.Region = "eu-central-1"
	e.Backend = Backend{Bucket: "acme-state", Region: "eu-west-1"}
	stack := synthesize(t, e)[e.stackName()]
	backend, _ := synthtest.Get(stack.JSON, "terraform", "backend", "s3").(map[string]any)
	for key, want := range map[string]any{
		"bucket": "acme-state", "region": "eu-west-1", "key": "aegis/dev/terraform.tfstate", "encrypt": true, "use_lockfile": true,
	} {
		if backend[key] != want {
			t.Errorf("backend %s: got %v, want %v", key, backend[key], want)
		}
	}
	if got := synthtest.Get(stack.JSON, "provider", "aws", "region"); got != "eu-central-1" {
		t.Errorf("provider region: got %v", got)
	}
}

// TestOrdersComeAgain: an order that the dispatcher failed at is shown anew twice while
// the engine waits for the agent, and leaves time for its container to start.
func TestOrdersComeAgain(t *testing.T) {
	const start = 2 * flow.Minute
	visible := flow.Seconds(visibilityFactor * dispatcherTimeout / time.Second)
	for _, w := range flow.Workflows() {
		for _, s := range w.Steps {
			var heartbeats []flow.Seconds
			if s.Agent != nil {
				heartbeats = append(heartbeats, s.Agent.Heartbeat)
			}
			if s.Map != nil {
				heartbeats = append(heartbeats, s.Map.Task.Heartbeat)
			}
			for _, heartbeat := range heartbeats {
				if heartbeat < 2*visible+start {
					t.Errorf("%s, %s: a heartbeat in %d s, an order is shown anew after %d", w.Name, s.Name, heartbeat, visible)
				}
			}
		}
	}
}
