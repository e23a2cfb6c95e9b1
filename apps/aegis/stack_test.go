package main

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/synthtest"
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

// namesDoNotCollide: several environments live in one account.
func namesDoNotCollide(t *testing.T, stacks map[string]*synthtest.Template) {
	t.Helper()
	seen := map[string]string{}
	for name, stack := range stacks {
		for kind := range stack.Kinds() {
			for id, body := range stack.Resources(kind) {
				own, ok := body["name"].(string)
				if !ok || strings.HasPrefix(own, "${") {
					continue
				}
				if other, taken := seen[kind+" "+own]; taken {
					t.Errorf("%s.%s is called %q in %s and in %s", kind, id, own, other, name)
				}
				seen[kind+" "+own] = name
			}
		}
	}
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
