//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"
)

const (
	stackFile = "cdk.tf.json"
	planFile  = "e2e.tfplan"
	lockFile  = ".terraform.lock.hcl"
)

// provider is the AWS provider that terraform init gets on this machine.
type provider struct {
	lack string // what is missing, empty for nothing
	lock []byte // the lock file, for all other folders
}

var (
	providerOnce sync.Once
	found        provider
	// initialising is held by terraform init, whose plugin cache is made for one
	// at a time.
	initialising sync.Mutex
)

// pinned is the provider that every stack asks for.
func pinned(t testing.TB) *provider {
	t.Helper()
	terraform := look(t, "terraform")
	providerOnce.Do(func() { found.find(terraform) })
	if found.lack != "" {
		lack(t, found.lack)
	}
	return &found
}

func (p *provider) find(terraform string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*commandTime)
	defer cancel()
	dir := filepath.Join(work(), "provider")
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.tf.json"), []byte(fmt.Sprintf(
			`{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": %q}}}}`, providerVersion)), 0o644)
	}
	if err == nil {
		err = os.MkdirAll(pluginCache(), 0o755)
	}
	var tf *tfexec.Terraform
	if err == nil {
		tf, err = tfexec.NewTerraform(dir, terraform)
	}
	if err == nil {
		err = tf.SetEnv(toMap(terraformEnvironment(cleanEnvironment())))
	}
	if err == nil {
		err = tf.Init(ctx)
	}
	if err != nil {
		p.lack = fmt.Sprintf("terraform init cannot get hashicorp/aws %s: %s", providerVersion, firstLine(err))
		return
	}
	p.lock, err = os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		p.lack = err.Error()
	}
}

// firstLine is what an error says, without the box that Terraform draws.
func firstLine(err error) string {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		line = strings.Trim(line, "│╷╵ \t")
		if said, ok := strings.CutPrefix(line, "Error: "); ok {
			return said
		}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// pluginCache keeps one copy of the provider's 600 MB for all folders.
func pluginCache() string {
	if dir := os.Getenv("TF_PLUGIN_CACHE_DIR"); dir != "" {
		return dir
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "aegis", "terraform-plugins")
	}
	return filepath.Join(work(), "terraform-plugins")
}

// terraformEnvironment adds what Terraform itself reads.
func terraformEnvironment(environment []string) []string {
	return append(environment, "TF_PLUGIN_CACHE_DIR="+pluginCache(), "TF_IN_AUTOMATION=1")
}

// toMap keeps what terraform-exec lets through: it sets some variables itself.
func toMap(environment []string) map[string]string {
	m := make(map[string]string, len(environment))
	for _, e := range environment {
		name, value, _ := strings.Cut(e, "=")
		if name != "TF_IN_AUTOMATION" && name != "CHECKPOINT_DISABLE" {
			m[name] = value
		}
	}
	return m
}

// workspace is a stack's folder that Terraform works in.
type workspace struct {
	*tfexec.Terraform

	dir         string
	account     *account
	environment []string
	planned     []byte // the last plan as JSON
}

// open initialises a stack's folder for an account.
func open(t testing.TB, dir string, a *account) *workspace {
	t.Helper()
	return openWith(t, look(t, "terraform"), dir, a)
}

func openWith(t testing.TB, program, dir string, a *account) *workspace {
	t.Helper()
	p := pinned(t)
	w := &workspace{dir: dir, account: a}
	var err error
	if w.Terraform, err = tfexec.NewTerraform(dir, program); err != nil {
		t.Fatal(err)
	}
	w.environment = terraformEnvironment(a.environment())
	if err := w.SetEnv(toMap(w.environment)); err != nil {
		t.Fatal(err)
	}
	if filepath.Base(program) == "terraform" {
		if err := os.WriteFile(filepath.Join(dir, lockFile), p.lock, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	initialising.Lock()
	defer initialising.Unlock()
	if err := w.Init(limited(t)); err != nil {
		t.Fatalf("init: %v", err)
	}
	return w
}

// edit changes the stack's Terraform.
func (w *workspace) edit(t testing.TB, change func(document)) {
	t.Helper()
	path := filepath.Join(w.dir, stackFile)
	d, err := readDocument(path)
	if err != nil {
		t.Fatal(err)
	}
	change(d)
	if err := d.write(path); err != nil {
		t.Fatal(err)
	}
}

// validate fails the test for errors, and for warnings: those of deprecation
// are errors of the provider's next release.
func (w *workspace) validate(t testing.TB) {
	t.Helper()
	result, err := w.Validate(limited(t))
	if err != nil {
		t.Fatalf("validate: %v", err)
	}
	for _, d := range result.Diagnostics {
		where := ""
		if d.Snippet != nil && d.Snippet.Context != nil {
			where = *d.Snippet.Context + ": "
		}
		t.Errorf("validate: %s: %s%s: %s", d.Severity, where, d.Summary, d.Detail)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// plan plans, and returns what it is going to do.
func (w *workspace) plan(t testing.TB) *tfjson.Plan {
	t.Helper()
	if _, err := w.Plan(limited(t), tfexec.Out(planFile)); err != nil {
		t.Fatalf("plan: %v", err)
	}
	cmd := exec.CommandContext(limited(t), w.ExecPath(), "show", "-json", planFile)
	cmd.Dir, cmd.Env = w.dir, w.environment
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("show: %v", err)
	}
	w.planned = text
	var p tfjson.Plan
	if err := p.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return &p
}

// apply does what the last plan said.
func (w *workspace) apply(t testing.TB) {
	t.Helper()
	if err := w.Apply(limited(t), tfexec.DirOrPlan(planFile)); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// settled fails the test when a plan of what was just applied changes anything
// that no exception covers.
func (w *workspace) settled(t testing.TB) {
	t.Helper()
	w.edit(t, func(d document) { d.leaveOut(forgotten) })
	for _, change := range leftovers(w.plan(t)) {
		t.Errorf("the second plan is not empty: %s", change)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// managed are the resources that a plan creates, changes or keeps.
func managed(p *tfjson.Plan) []*tfjson.ResourceChange {
	var all []*tfjson.ResourceChange
	for _, change := range p.ResourceChanges {
		if change.Mode == tfjson.ManagedResourceMode {
			all = append(all, change)
		}
	}
	return all
}
