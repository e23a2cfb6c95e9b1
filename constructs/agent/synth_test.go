package agent_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// team are the agents of the modules' documentation, made in one loop.
func team(stack cdktf.TerraformStack, names ...string) {
	for _, name := range names {
		agent.New(stack, name, agent.Props{
			Name:           name + "-agent",
			Source:         agent.GoPackage{Path: "./testdata/goagent", Labels: map[string]string{"agent": name}},
			Platforms:      []agent.Platform{agent.LinuxARM64},
			CreateLogGroup: true,
			CreateRole:     true,
			Tags:           map[string]*string{"Agent": jsii.String(name)},
		})
	}
}

func TestGoldenTeam(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		team(stack, "coordinator", "analyst", "research", "execution")
	})
	golden(t, template, "team")
}

// TestTeamChanges: an agent that goes, or moves, changes no other's resources.
func TestTeamChanges(t *testing.T) {
	resources := func(names ...string) map[string]any {
		template := synthtest.Stack(t, func(stack cdktf.TerraformStack) { team(stack, names...) })
		flat := map[string]any{}
		for kind := range template.Kinds() {
			for name, body := range template.Resources(kind) {
				flat[kind+"."+name] = body
			}
		}
		return flat
	}
	all := resources("coordinator", "analyst", "research", "execution")
	fewer := resources("execution", "coordinator", "research")
	maps.DeleteFunc(all, func(name string, _ any) bool { return strings.Contains(name, ".analyst_") })
	if diff := cmp.Diff(all, fewer); diff != "" {
		t.Errorf("resources (-four agents +three in another order):\n%s", diff)
	}
}

// TestSameInEveryRun: the output does not depend on the order of maps.
func TestSameInEveryRun(t *testing.T) {
	define := func(stack cdktf.TerraformStack) {
		props := allProps(nil, jsii.String("arn:aws:kms:eu-central-1:123456789012:key/1"))
		props.ManagedPolicyARNs = nil
		agent.New(stack, "Research", props)
	}
	first, second := synthtest.Stack(t, define).Normalised(), synthtest.Stack(t, define).Normalised()
	// The way to the context leads from another temporary folder.
	plain := func(text []byte) string { return fromHere.ReplaceAllString(string(text), "") }
	if diff := cmp.Diff(plain(first), plain(second)); diff != "" {
		t.Errorf("output (-first +second):\n%s", diff)
	}
}

func TestMutableLatest(t *testing.T) {
	props := required()
	props.ImageTag, props.ImageTagMutability = "latest", agent.Mutable
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) { agent.New(stack, "Coordinator", props) })
	if got := template.Only("aws_ecr_repository")["image_tag_mutability"]; got != "MUTABLE" {
		t.Errorf("image_tag_mutability: got %v, want MUTABLE", got)
	}
	if got := synthtest.Get(template.Only("terraform_data"), "triggers_replace", "tags"); got != "latest" {
		t.Errorf("tags: got %v, want latest", got)
	}
}

// TestBuildTriggers: what replaces the push, and what does not.
func TestBuildTriggers(t *testing.T) {
	triggers := func(change func(p *agent.Props)) map[string]any {
		props := required()
		change(&props)
		template := synthtest.Stack(t, func(stack cdktf.TerraformStack) { agent.New(stack, "Coordinator", props) })
		got, _ := template.Only("terraform_data")["triggers_replace"].(map[string]any)
		return got
	}
	before := triggers(func(*agent.Props) {})
	for _, tc := range []struct {
		name   string
		change func(p *agent.Props)
		want   []string
	}{
		{"scanning, tags, policies", func(p *agent.Props) {
			p.ScanOnPushDisabled, p.Tags, p.PullPrincipals = true, map[string]*string{"a": jsii.String("b")}, *jsii.Strings("123456789012")
		}, nil},
		{"registry", func(p *agent.Props) { p.ECRRegistry = jsii.String("127.0.0.1:5000") }, nil},
		{"secret", func(p *agent.Props) {
			p.Source = agent.Dockerfile{ContextDir: docker.ContextDir, Secrets: []agent.Secret{{ID: "a", Env: "A"}}}
		}, []string{"hash", "tags"}},
		{"tag", func(p *agent.Props) { p.ImageTag = "v1" }, []string{"tags"}},
		{"additional tag", func(p *agent.Props) { p.AdditionalTags = []string{"v1"} }, []string{"tags"}},
		{"platform", func(p *agent.Props) { p.Platforms = []agent.Platform{agent.LinuxARM64} }, []string{"hash", "platform", "tags"}},
		{"build argument", func(p *agent.Props) {
			p.Source = agent.Dockerfile{ContextDir: docker.ContextDir, BuildArgs: map[string]string{"VERSION": "2"}}
		}, []string{"hash", "tags"}},
		{"force", func(p *agent.Props) { p.ForceRebuild, p.ImageTagMutability = true, agent.Mutable }, []string{"force"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			after := triggers(tc.change)
			var changed []string
			for _, key := range slices.Sorted(maps.Keys(after)) {
				if after[key] != before[key] {
					changed = append(changed, key)
				}
			}
			if diff := cmp.Diff(tc.want, changed); diff != "" {
				t.Errorf("changed triggers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUsersWait: what names the image depends on the push and on the policy.
func TestUsersWait(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := goProps()
		props.ForLambda = true
		a := agent.New(stack, "Agent", props)
		lambda.NewFunction(stack, "Function", lambda.Props{
			FunctionName: "agent", Architecture: lambda.ARM64,
			Code: lambda.Image{URI: a.ImageDigestURI(), Platform: "linux/arm64"},
		})
	})
	uri, _ := template.Only("aws_lambda_function")["image_uri"].(string)
	for _, part := range []string{"terraform_data.Agent_Build", "aws_ecr_repository_policy.Agent_RepositoryPolicy", "@sha256:"} {
		if !strings.Contains(uri, part) {
			t.Errorf("image_uri: got %q, want %q in it", uri, part)
		}
	}
	var policy struct{ Statement []map[string]any }
	text, _ := template.Only("aws_ecr_repository_policy")["policy"].(string)
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"Sid": "LambdaPull", "Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"},
		"Action":    []any{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "${aws_ecr_repository.Agent_255F68E9.registry_id}"}},
	}}
	if diff := cmp.Diff(want, policy.Statement); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestBuildDisabled(t *testing.T) {
	var a *agent.Agent
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		a = agent.New(stack, "Agent", agent.Props{Name: "by-ci", BuildDisabled: true, ImageTag: "v1"})
		outputs(stack, a)
	})
	if got := a.BuildTriggerHash(); got != nil {
		t.Errorf("BuildTriggerHash: got %q, want nil", *got)
	}
	if a.Build() != cdktf.ITerraformDependable(a.Resources().Repository) {
		t.Error("Build: want the repository")
	}
	want := map[string]int{"aws_ecr_repository": 1, "aws_ecr_lifecycle_policy": 1}
	if diff := cmp.Diff(want, template.Kinds()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	images, _ := synthtest.Get(template.JSON, "data", "aws_ecr_image").(map[string]any)
	for _, image := range images {
		if diff := cmp.Diff([]any{"aws_ecr_repository.Agent_255F68E9"}, synthtest.Get(image, "depends_on")); diff != "" {
			t.Errorf("the digest's depends_on (-want +got):\n%s", diff)
		}
	}
	if len(images) != 1 {
		t.Errorf("got %d data sources, want the digest", len(images))
	}
}

func TestExistingRepository(t *testing.T) {
	var a *agent.Agent
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.ExistingRepository, props.ForLambda = true, true
		a = agent.New(stack, "Agent", props)
		outputs(stack, a)
	})
	if diff := cmp.Diff(map[string]int{"terraform_data": 1}, template.Kinds()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	want := "${data.aws_ecr_repository.Agent_Existing_416F28FF.repository_url}"
	if got := synthtest.Get(template.JSON, "output", "repository_url", "value"); got != want {
		t.Errorf("repository_url: got %v, want %s", got, want)
	}
	if a.Resources().Repository != nil || a.Resources().ExistingRepository == nil {
		t.Error("Resources: want the existing repository only")
	}
}

func TestLifecycleDisabled(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.LifecycleDisabled = true
		agent.New(stack, "Agent", props)
	})
	if n := template.Kinds()["aws_ecr_lifecycle_policy"]; n != 0 {
		t.Errorf("got %d lifecycle policies, want none", n)
	}
}

func TestRawPolicies(t *testing.T) {
	const lifecycle = `{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":3},"action":{"type":"expire"}}]}`
	const policy = `{"Version":"2012-10-17","Statement":[]}`
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.LifecyclePolicy, props.RepositoryPolicy = jsii.String(lifecycle), jsii.String(policy)
		agent.New(stack, "Agent", props)
	})
	if got := template.Only("aws_ecr_lifecycle_policy")["policy"]; got != lifecycle {
		t.Errorf("lifecycle policy: got %v", got)
	}
	if got := template.Only("aws_ecr_repository_policy")["policy"]; got != policy {
		t.Errorf("repository policy: got %v", got)
	}
}

func TestRole(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.CreateRole, props.CreateLogGroup = true, true
		agent.New(stack, "Agent", props)
	})
	role := template.Only("aws_iam_role")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["ecs-tasks.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`
	if role["name"] != "coordinator-agent-role" || role["assume_role_policy"] != trust {
		t.Errorf("role: got %v", role)
	}
	group := template.Only("aws_cloudwatch_log_group")
	if group["name"] != "/aws/agent/coordinator-agent" || group["retention_in_days"] != 7.0 {
		t.Errorf("log group: got %v", group)
	}
}

func TestGrants(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		a := agent.New(stack, "Agent", required())
		grantee := iamrole.NewIamRole(stack, jsii.String("Execution"), &iamrole.IamRoleConfig{
			Name: jsii.String("execution"), AssumeRolePolicy: jsii.String("{}"),
		})
		if a.GrantPull(grantee) != a.GrantPull(grantee) {
			t.Error("GrantPull: want one policy for one role")
		}
		a.GrantPush(grantee)
	})
	pull := template.Named("aws_iam_role_policy", "Grants_pull")
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},` +
		`{"Effect":"Allow","Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"${aws_ecr_repository.Agent_255F68E9.arn}"}]}`
	if pull["policy"] != want || pull["name"] != "pull-coordinator-agent" {
		t.Errorf("pull: got %v", pull)
	}
	if push := template.Named("aws_iam_role_policy", "Grants_push"); !strings.Contains(push["policy"].(string), "ecr:PutImage") {
		t.Errorf("push: got %v", push)
	}
}

func TestEscapeHatch(t *testing.T) {
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := allProps(nil, jsii.String("arn:aws:kms:eu-central-1:123456789012:key/1"))
		props.ManagedPolicyARNs = props.ManagedPolicyARNs[1:]
		a := agent.New(stack, "Agent", props)
		r := a.Resources()
		if r.Repository == nil || r.LifecyclePolicy == nil || r.RepositoryPolicy == nil || r.Build == nil || r.LogGroup == nil || r.Role == nil {
			t.Errorf("Resources: got %+v, want all", r)
		}
		if len(r.PolicyAttachments) != 1 || len(r.RolePolicies) != 2 || r.Image != nil {
			t.Errorf("Resources: got %d attachments, %d policies, image %v", len(r.PolicyAttachments), len(r.RolePolicies), r.Image)
		}
		a.ImageDigest()
		if a.Resources().Image == nil {
			t.Error("Resources: want the image once its digest was asked for")
		}
		r.Repository.AddOverride(jsii.String("provider"), "aws.other")
	})
	if got := template.Only("aws_ecr_repository")["provider"]; got != "aws.other" {
		t.Errorf("provider: got %v, want aws.other", got)
	}
}

func TestProblems(t *testing.T) {
	got := synthtest.Problems(t, func(stack cdktf.TerraformStack) {
		a := agent.New(stack, "Analyst", agent.Props{
			Name: "Analyst", ImageTag: "latest", KMSKeyARN: jsii.String(""), MaxImageCount: -1, ManagedPolicyARNs: []*string{nil},
			PullPrincipals: []*string{nil}, Tags: map[string]*string{"a": nil},
		})
		outputs(stack, a)
		a.AddToRolePolicy(iam.Statement{Actions: []string{"s3:GetObject"}, Resources: *jsii.Strings("*")})
		agent.New(stack, "Research", agent.Props{Name: "research", Source: agent.Dockerfile{ContextDir: "testdata/docker", Dockerfile: "none"}})
		agent.New(stack, "Execution", agent.Props{Name: "execution", Source: agent.GoPackage{Path: "./testdata/none"}})
	})
	var text []string
	for _, p := range got {
		text = append(text, p.Path+" "+strings.SplitN(p.Message, "\n", 2)[0])
	}
	want := []string{
		`test/Analyst Name: must be lower-case letters and digits, in parts joined by ".", "_", "__", hyphens or "/", got "Analyst"`,
		"test/Analyst Source: must be Dockerfile or GoPackage, got nothing: BuildDisabled is for an image that somebody else pushes",
		`test/Analyst ImageTag: must not be latest with ImageTagMutability IMMUTABLE: it could be pushed only once, got "latest"`,
		"test/Analyst KMSKeyARN: must go with EncryptionType KMS or KMS_DSSE, got AES256",
		`test/Analyst KMSKeyARN: must be an ARN of kms, got ""`,
		"test/Analyst MaxImageCount: must be 1 or more, got -1",
		"test/Analyst PullPrincipals[0]: must be set, got nothing",
		"test/Analyst ManagedPolicyARNs: must go with CreateRole, got ManagedPolicyARNs without it",
		"test/Analyst ManagedPolicyARNs[0]: must be set, got nothing",
		`test/Analyst Tags["a"]: must have a value, got nothing`,
		"test/Analyst AddToRolePolicy: must go with CreateRole, got an agent without a role",
		`test/Research Source.Dockerfile: must be a file that exists in testdata/docker, got "none"`,
	}
	if len(text) == 0 {
		t.Fatal("got no problems")
	}
	// What go says of a missing package is its own.
	last := text[len(text)-1]
	if diff := cmp.Diff(want, text[:len(text)-1]); diff != "" || !strings.HasPrefix(last, "test/Execution Source: must be an image that can be made, got an error: ") {
		t.Errorf("problems (-want +got):\n%s\nlast: %s", diff, last)
	}
}

func TestPropsAreNotModified(t *testing.T) {
	props := allProps(nil, jsii.String("arn:aws:kms:eu-central-1:123456789012:key/1"))
	props.ManagedPolicyARNs = nil
	before := allProps(nil, jsii.String("arn:aws:kms:eu-central-1:123456789012:key/1"))
	before.ManagedPolicyARNs = nil
	synthtest.Stack(t, func(stack cdktf.TerraformStack) { agent.New(stack, "Agent", props) })
	if diff := cmp.Diff(before, props); diff != "" {
		t.Errorf("props (-before +after):\n%s", diff)
	}
}
