//go:build e2e

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
	tfjson "github.com/hashicorp/terraform-json"

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
	}, []string{"replace terraform_data Agent/Build"}},
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
	agent.New(stack, "Agent", agent.Props{
		Name: "changes-agent", Source: agent.GoPackage{Path: ".", Dir: s.agent}, ForceDelete: true, CreateRole: true, CreateLogGroup: true,
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

// TestChanges applies a stack and then plans and applies changes to it.
func TestChanges(t *testing.T) {
	t.Parallel()
	const name = "changes"
	row := summary.start(t)
	pinned(t)
	account := newAccount(t)
	dir := folder(t)
	outdir := filepath.Join(dir, "cdktf.out")
	base := settings{
		source:   copied(t, filepath.Join(sources(), "full"), "orders"),
		agent:    copied(t, filepath.Join(sources(), "agent"), "agent"),
		policies: []string{"AmazonSQSFullAccess", "AmazonSNSFullAccess", "AmazonSSMReadOnlyAccess"},
	}
	synthesizeTo := func(t *testing.T, s settings) (*workspace, document) {
		t.Helper()
		synthesize(t, outdir, name, s.define)
		w := open(t, filepath.Join(outdir, "stacks", name), account)
		d, err := readDocument(filepath.Join(w.dir, stackFile))
		must(t, err)
		return w, d
	}

	w, first := synthesizeTo(t, base)
	done := row.step(planned)
	row.set(resources, len(managed(w.plan(t))))
	done("ok")
	before := account.inventory(t)
	done = row.step(applied)
	w.apply(t)
	done("ok")
	done = row.step(secondPlan)
	w.settled(t)
	done("empty")

	fresh := filepath.Join(dir, "fresh")
	synthesize(t, fresh, name, base.define)
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			row := summary.start(t)
			s := base
			s.policies = slices.Clone(base.policies)
			c.edit(t, &s)
			done := row.step(planned)
			if c.want == nil {
				elsewhere := filepath.Join(folder(t), "out")
				synthesize(t, elsewhere, name, s.define)
				sameFiles(t, filepath.Join(fresh, "stacks", name), filepath.Join(elsewhere, "stacks", name))
				done("same bytes")
				return
			}
			w, second := synthesizeTo(t, s)
			expect(t, c.want, changesOf(w.plan(t), first, second))
			done(count(c.want))
		})
	}

	for _, on := range []bool{true, false} {
		state := map[bool]string{true: "on", false: "off"}[on]
		t.Run("switched "+state, func(t *testing.T) {
			row := summary.start(t)
			_, before := synthesizeTo(t, base.switched(!on))
			w, after := synthesizeTo(t, base.switched(on))
			done := row.step(planned)
			var want []string
			for _, sw := range switches {
				for _, line := range map[bool][]string{true: sw.on, false: sw.off}[on] {
					action, rest, _ := strings.Cut(line, " ")
					kind, path, _ := strings.Cut(rest, " ")
					want = append(want, action+" "+kind+" "+sw.name+"/"+path)
				}
			}
			expect(t, want, changesOf(w.plan(t), before, after))
			row.set(resources, len(want))
			done(count(want))
			done = row.step(applied)
			w.apply(t)
			done("ok")
			done = row.step(secondPlan)
			w.settled(t)
			done("empty")
		})
	}

	done = row.step(destroyed)
	w, _ = synthesizeTo(t, base)
	if err := w.Destroy(limited(t)); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	if left := account.inventory(t).beyond(before); len(left) > 0 {
		t.Fatalf("destroy left behind:\n%v", left)
	}
	done("nothing left")
}

func count(want []string) string {
	n := map[string]int{}
	for _, line := range want {
		action, _, _ := strings.Cut(line, " ")
		n[action]++
	}
	var parts []string
	for _, p := range []struct{ action, sign string }{{"create", "+"}, {"update", "~"}, {"replace", "±"}, {"delete", "-"}} {
		if n[p.action] > 0 {
			parts = append(parts, fmt.Sprintf("%s%d", p.sign, n[p.action]))
		}
	}
	if len(parts) == 0 {
		return "empty"
	}
	return strings.Join(parts, " ")
}

// changesOf are the changes of a plan, by the constructs' paths in the stack.
func changesOf(plan *tfjson.Plan, before, after document) []string {
	var found []string
	for _, change := range managed(plan) {
		actions := change.Change.Actions
		if actions.NoOp() {
			continue
		}
		action := "replace"
		document := after
		switch {
		case actions.Create():
			action = "create"
		case actions.Update():
			action = "update"
		case actions.Delete():
			action, document = "delete", before
		}
		_, path, _ := strings.Cut(pathOf(document.resource(change.Type, change.Name)), "/")
		found = append(found, action+" "+change.Type+" "+path)
	}
	return found
}

// expect compares changes; a wanted path may leave its end open.
func expect(t *testing.T, want, got []string) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(g string) bool { return g == w || strings.HasPrefix(g, w+"/") })
		if i < 0 {
			t.Errorf("not planned: %s", w)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, g := range left {
		t.Errorf("planned as well: %s", g)
	}
}

// copied copies a folder of source code to one with another name.
func copied(t *testing.T, source, name string) string {
	t.Helper()
	dir := filepath.Join(folder(t), name)
	must(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	must(t, os.CopyFS(dir, os.DirFS(source)))
	return dir
}

func withModes(t *testing.T, source string, file, dir fs.FileMode) string {
	t.Helper()
	copied := copied(t, source, "modes")
	walk(t, copied, func(path string, d fs.DirEntry) {
		if d.IsDir() {
			must(t, os.Chmod(path, dir))
		} else {
			must(t, os.Chmod(path, file))
		}
	})
	return copied
}

func touched(t *testing.T, source string) string {
	t.Helper()
	dir := copied(t, source, "touched")
	walk(t, dir, func(path string, _ fs.DirEntry) { must(t, os.Chtimes(path, time.Unix(0, 0), time.Unix(1e9, 0))) })
	return dir
}

func walk(t *testing.T, dir string, visit func(path string, d fs.DirEntry)) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			visit(path, d)
		}
		return err
	}))
}

// sameFiles fails the test unless two stacks' folders are the same, byte by byte.
func sameFiles(t *testing.T, a, b string) {
	t.Helper()
	x, y := files(t, a), files(t, b)
	if diff := cmp.Diff(x, y); diff != "" {
		t.Errorf("the stack differs:\n%s", diff)
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, dir, func(path string, d fs.DirEntry) {
		name, err := filepath.Rel(dir, path)
		must(t, err)
		if d.IsDir() {
			return
		}
		content, err := os.ReadFile(path)
		must(t, err)
		found[name] = string(content)
	})
	return found
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
