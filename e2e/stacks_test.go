//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/aws/jsii-runtime-go"
	awsprovider "github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/synth"
)

// providerVersion is what cdktf's bindings pin, hence every stack.
const providerVersion = "5.99.1"

// stack is one that is taken through validate, plan, apply, plan and destroy.
type stack struct {
	name string
	// make synthesizes the stack into a folder, as cdktf.out would be.
	make func(t testing.TB, outdir string)
	// planOnly is for what differs from another stack by numbers alone.
	planOnly bool
	// protected keeps Terraform from destroying the stack until the user has
	// changed it.
	protected []protection
	// works uses what was applied, and says what it did.
	works func(t *testing.T, w *workspace) string
	// surrounded is for a stack of ours whose resources outside of constructs are
	// only there for the construct, and are not scanned.
	surrounded bool
}

// protection is an attribute that keeps resources of a type from being deleted,
// with the value that lets go.
type protection struct {
	resource, attribute string
	off                 any
}

// stacks are all there are. A new one joins by a line here.
var stacks = []stack{
	{name: "quickstart", make: app("quickstart")},
	{name: "aegis-dev", make: app("aegis", "AEGIS_ENV=dev", "AEGIS_ARCHITECTURE="+native()), works: researchReport},
	{name: "aegis-staging", make: app("aegis", "AEGIS_ENV=staging"), planOnly: true},
	{name: "aegis-production", make: app("aegis", "AEGIS_ENV=production"), protected: []protection{
		{"aws_dynamodb_table", "deletion_protection_enabled", false}, {"aws_ecr_repository", "force_delete", true},
	}},
	{name: "lambda-all", make: construct("lambda-all", lambdaAll), surrounded: true},
	{name: "agent-all", make: construct("agent-all", agentAll), surrounded: true},
}

// app runs a program of apps/ as its user does.
func app(name string, environment ...string) func(testing.TB, string) {
	return func(t testing.TB, outdir string) {
		t.Helper()
		cmd := exec.CommandContext(limited(t), "go", "run", "./apps/"+name)
		cmd.Dir = root()
		cmd.Env = append(append(cleanEnvironment(), environment...), "CDKTF_OUTDIR="+outdir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("synthesizing %s: %v\n%s", name, err, out)
		}
	}
}

// construct synthesizes a stack that is defined here.
func construct(name string, define func(stack cdktf.TerraformStack)) func(testing.TB, string) {
	return func(t testing.TB, outdir string) {
		t.Helper()
		synthesize(t, outdir, name, define)
	}
}

// synthesizing is held while jsii's one kernel is in use.
var synthesizing sync.Mutex

func synthesize(t testing.TB, outdir, name string, define func(stack cdktf.TerraformStack)) {
	t.Helper()
	synthesizing.Lock()
	defer synthesizing.Unlock()
	_, err := synth.Run(context.WithoutCancel(t.Context()), func(app cdktf.App) {
		stack := cdktf.NewTerraformStack(app, jsii.String(name))
		cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{Path: jsii.String("../../../terraform." + name + ".tfstate")})
		awsprovider.NewAwsProvider(stack, jsii.String("AWS"), &awsprovider.AwsProviderConfig{Region: jsii.String(region)})
		stack.AddOverride(jsii.String("terraform.required_providers.aws.source"), "hashicorp/aws")
		define(stack)
	}, synth.Options{Outdir: outdir})
	if err != nil {
		t.Fatal(err)
	}
}

// plans are the JSON plans of the stacks, for the policy scan.
var plans = sync.OnceValue(func() string {
	dir := filepath.Join(work(), "plans")
	if err := os.Mkdir(dir, 0o755); err != nil {
		panic(err)
	}
	return dir
})

// TestStack takes each stack from its source to the emulator and back, and the
// plans to the policy scan.
//
//nolint:tparallel // the scan waits for all plans
func TestStack(t *testing.T) {
	t.Parallel()
	t.Run("each", func(t *testing.T) {
		for _, s := range stacks {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				row := summary.start(t)
				pinned(t)
				account := newAccount(t)
				if s.works != nil {
					account = mainAccount(t)
				}
				outdir := filepath.Join(folder(t), "cdktf.out")
				s.make(t, outdir)
				s.run(t, open(t, filepath.Join(outdir, "stacks", s.name), account), row, plans())
			})
		}
	})
	t.Run("policies", scan)
}

// run takes a stack through everything, and puts its plan into a folder.
func (s stack) run(t *testing.T, w *workspace, row *row, plans string) {
	done := row.step(validated)
	w.validate(t)
	done("ok")

	done = row.step(planned)
	plan := w.plan(t)
	for _, change := range managed(plan) {
		if !change.Change.Actions.Create() {
			t.Errorf("%s: %v in an empty account", change.Address, change.Change.Actions)
		}
		known(t, change.Type)
	}
	row.set(resources, len(managed(plan)))
	if err := os.WriteFile(filepath.Join(plans, s.name+".json"), w.planned, 0o644); err != nil {
		t.Fatal(err)
	}
	done(fmt.Sprintf("+%d", len(managed(plan))))
	if s.planOnly || t.Failed() {
		return
	}

	before := w.account.inventory(t)
	done = row.step(applied)
	changed := false
	w.edit(t, func(d document) { changed = d.leaveOut(atApply) })
	if changed {
		plan = w.plan(t)
	}
	w.apply(t)
	made := w.account.inventory(t).beyond(before)
	for _, change := range managed(plan) {
		if counts(change.Type) && len(made[change.Type]) == 0 {
			t.Errorf("the inventory sees no %s after apply: it would not see one that is left, either", change.Type)
		}
	}
	done("ok")

	done = row.step(secondPlan)
	w.settled(t)
	done("empty")

	if s.works != nil {
		done = row.step(runs)
		done(s.works(t, w))
	}

	done = row.step(destroyed)
	if len(s.protected) > 0 {
		w.refuses(t, s.protected)
	}
	if err := w.Destroy(limited(t)); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if left := w.account.inventory(t).beyond(before); len(left) > 0 {
		t.Fatalf("destroy left behind:\n%v", left)
	}
	done("nothing left")
}

// refuses checks that a protected stack is not destroyed, and by what, and then
// turns the protection off, as its user would.
func (w *workspace) refuses(t *testing.T, all []protection) {
	t.Helper()
	err := w.Destroy(limited(t))
	if err == nil {
		t.Fatalf("the stack was destroyed in spite of %v", all)
	}
	var left []string
	if state, err := w.Show(limited(t)); err == nil && state.Values != nil {
		for _, r := range state.Values.RootModule.Resources {
			left = append(left, r.Type)
		}
	}
	w.edit(t, func(d document) {
		for _, p := range all {
			if !slices.Contains(left, p.resource) {
				t.Errorf("%s was destroyed in spite of its %s; destroy said: %v", p.resource, p.attribute, err)
			}
			ofType, _ := d["resource"].(map[string]any)[p.resource].(map[string]any)
			for _, body := range ofType {
				body.(map[string]any)[p.attribute] = p.off
			}
		}
	})
	w.plan(t)
	w.apply(t)
}
