package agent_test

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// TestApply runs the push as Terraform does: the program gets what was written
// in the props, whatever is in it, and no shell reads it on the way.
func TestApply(t *testing.T) {
	needsTerraform(t)
	const odd = `a b'"$(touch x)` + "`touch y`" + `\%{if}; é`
	dir := filepath.Join(t.TempDir(), odd)
	if err := os.CopyFS(dir, os.DirFS("testdata/docker")); err != nil {
		t.Fatal(err)
	}
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		agent.New(stack, "Agent", agent.Props{
			Name:   "odd",
			Source: agent.Dockerfile{ContextDir: dir, BuildArgs: map[string]string{"ODD": odd + "\n\t<&>"}, Labels: map[string]string{odd: odd}},
		})
	})
	const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/odd"
	apply(t, template, repository)

	told, err := os.ReadFile(filepath.Join(template.Dir, "told"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(told), "\x00")
	if len(got) != 5 || got[0] != "push" || got[3] != repository {
		t.Fatalf("the program was told %q", got)
	}
	var job struct {
		Docker struct{ BuildArgs, Labels map[string]string }
	}
	if err := json.Unmarshal([]byte(got[1]), &job); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"ODD": odd + "\n\t<&>"}, job.Docker.BuildArgs); diff != "" {
		t.Errorf("build arguments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{odd: odd}, job.Docker.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(template.Dir, got[2], "Dockerfile")); err != nil || filepath.IsAbs(got[2]) {
		t.Errorf("the context is %q, want a way from the stack's folder: %v", got[2], err)
	}
	if entries, err := filepath.Glob(filepath.Join(template.Dir, "[xy]")); err != nil || len(entries) > 0 {
		t.Errorf("a shell has read the job: %q, %v", entries, err)
	}
}

// TestPush pushes the image of a Go program to a registry on loopback: no Docker,
// and the digest is the one that synth has told.
func TestPush(t *testing.T) {
	needsTerraform(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")

	agent.UseRealProgram()
	defer useFakeProgram()
	var a *agent.Agent
	template := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := goProps()
		props.ECRRegistry, props.AdditionalTags = &host, []string{"v1"}
		a = agent.New(stack, "Agent", props)
	})
	apply(t, template, host+"/go-agent")
	for _, tag := range []string{*a.ImageTag(), "v1"} {
		digest, err := crane.Digest(host + "/go-agent:" + tag)
		if err != nil || digest != *a.ImageDigest() {
			t.Errorf("%s: got %s, %v, want %s", tag, digest, err, *a.ImageDigest())
		}
	}
}

func needsTerraform(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs Terraform")
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("there is no terraform on this machine")
	}
}

// apply applies a stack's push alone: no provider but Terraform's own, and a text
// for the repository.
func apply(t *testing.T, template *synthtest.Template, repository string) {
	t.Helper()
	push := template.Only("terraform_data")
	synthtest.Get(push, "triggers_replace").(map[string]any)["repository"] = repository
	environment := synthtest.Get(push["provisioner"], "local-exec", "environment").(map[string]any)
	environment["AEGIS_IMAGE_REPOSITORY"], environment["AEGIS_IMAGE_REGION"] = repository, "eu-central-1"
	text, err := json.Marshal(map[string]any{"resource": map[string]any{"terraform_data": map[string]any{"push": push}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(template.Dir, "cdk.tf.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	terraform(t, template.Dir, "init", "-input=false")
	terraform(t, template.Dir, "apply", "-input=false", "-auto-approve")
}

func terraform(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "terraform", append(args, "-no-color")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("terraform %s: %v\n%s", args[0], err, out)
	}
}
