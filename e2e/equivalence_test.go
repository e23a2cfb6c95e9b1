//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
	tfjson "github.com/hashicorp/terraform-json"
)

// equivalence is testdata/lambda.json, and agent.json: what the Terraform module
// plans for its inputs, written from the module's own description. Ours has to plan the same,
// but for the differences that the construct's README names.
//
// Values are those of the plan; besides,
//
//	"ref TYPE.ATTRIBUTE"  is a reference to that attribute of a resource of the same case,
//	"matches REGEXP"      is any text that the expression matches,
//	"the role's name"     is whatever the role is called,
//	"any"                 is whatever is set,
//
// text that begins with "{" is compared as JSON, depends_on names types that
// have to be among those waited for, job is what the program is told that builds
// an image, and NAME is the name of the function or agent.
// An attribute that neither side sets is the provider's default in both.
type equivalence struct {
	Always map[string]want `json:"always"`
	Cases  []equalCase     `json:"cases"`
}

type want struct {
	Type   string         `json:"type"`
	Values map[string]any `json:"values"`
}

// demand is what a case changes about what is planned always: other values, more
// resources, or less.
type demand struct {
	Values  map[string]map[string]any `json:"values"`
	More    map[string]want           `json:"more"`
	Package []string                  `json:"package"`
	Less    []string                  `json:"less"`
}

type equalCase struct {
	demand

	Name        string            `json:"name"`
	Called      string            `json:"called"`
	Inputs      json.RawMessage   `json:"inputs"`
	Differences map[string]demand `json:"differences"`
}

// modules are those that are compared, each with testdata/NAME.json and the
// table "Differences" of constructs/NAME/README.md.
var modules = []module{
	{"lambda", lambdaInputs},
	{"agent", agentInputs},
}

type module struct {
	name string
	// define writes with the construct what a user of the module writes with its
	// inputs.
	define func(stack cdktf.TerraformStack, c equalCase, unknown *string) error
}

// unknownPolicy stands for a policy's ARN that is unknown until apply.
const unknownPolicy = "${aws_iam_policy.Unknown.arn}"

func policies(arns []string, unknown *string) []*string {
	var all []*string
	for _, arn := range arns {
		if arn == unknownPolicy {
			all = append(all, unknown)
		} else {
			all = append(all, jsii.String(arn))
		}
	}
	return all
}

func strict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// TestEquivalence plans a stack with a construct for each case.
func TestEquivalence(t *testing.T) {
	t.Parallel()
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.compare(t)
		})
	}
}

func (m module) compare(t *testing.T) {
	row := summary.start(t)
	var table equivalence
	text, err := os.ReadFile(filepath.Join("testdata", m.name+".json"))
	must(t, err)
	must(t, strict(text, &table))
	readme, err := os.ReadFile(filepath.Join(root(), "constructs", m.name, "README.md"))
	must(t, err)

	name := "equivalence-" + m.name
	pinned(t)
	account := newAccount(t)
	outdir := filepath.Join(folder(t), "cdktf.out")
	synthesize(t, outdir, name, func(stack cdktf.TerraformStack) {
		unknown := newPolicy(stack, "Unknown", "unknown").Arn()
		for _, c := range table.Cases {
			must(t, m.define(stack, c, unknown))
		}
	})
	w := open(t, filepath.Join(outdir, "stacks", name), account)
	done := row.step(validated)
	w.validate(t)
	done("ok")
	done = row.step(planned)
	plan := w.plan(t)
	row.set(resources, len(managed(plan)))

	stack := newPlanned(t, w, plan)
	differences := map[string]bool{}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) {
			d := c.demanded(table.Always)
			for title, difference := range c.Differences {
				differences[title] = true
				if !bytes.Contains(readme, []byte("\n| "+title+" |")) {
					t.Errorf("the construct's README does not name the difference %q", title)
				}
				d.add(difference)
			}
			stack.compare(t, c, d)
		})
	}
	done(fmt.Sprintf("%d cases", len(table.Cases)))
	summary.note("equivalence of %s: %d cases as in the module, with %d named differences", m.name, len(table.Cases), len(differences))
}

// name is what NAME stands for.
func (c equalCase) name() string {
	if c.Called != "" {
		return c.Called
	}
	return "eq-" + c.Name
}

// demanded is what the module plans for a case.
func (c equalCase) demanded(always map[string]want) demand {
	d := demand{More: map[string]want{}, Package: []string{"main.py"}}
	for name, w := range always {
		d.More[name] = want{w.Type, maps.Clone(w.Values)}
	}
	d.add(c.demand)
	return d
}

func (d *demand) add(other demand) {
	for name, w := range other.More {
		d.More[name] = want{w.Type, maps.Clone(w.Values)}
	}
	for name, values := range other.Values {
		maps.Copy(d.More[name].Values, values)
	}
	for _, name := range other.Less {
		delete(d.More, name)
	}
	if other.Package != nil {
		d.Package = other.Package
	}
}

// planned is a plan by the constructs that its resources belong to.
type plannedStack struct {
	dir    string
	byCase map[string][]plannedResource
}

type plannedResource struct {
	address, kind string
	values        map[string]any
}

// newPlanned reads the values of a plan. What is unknown until apply and set by
// the configuration is the text "ref" and what it refers to.
func newPlanned(t testing.TB, w *workspace, plan *tfjson.Plan) plannedStack {
	t.Helper()
	stack := plannedStack{dir: w.dir, byCase: map[string][]plannedResource{}}
	d, err := readDocument(filepath.Join(w.dir, stackFile))
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]*tfjson.ConfigResource{}
	for _, r := range plan.Config.RootModule.Resources {
		config[r.Address] = r
	}
	for _, change := range managed(plan) {
		body := d.resource(change.Type, change.Name)
		path := strings.Split(pathOf(body), "/")
		if len(path) < 3 {
			continue // not of a construct
		}
		planned, _ := change.Change.After.(map[string]any)
		unknown, _ := change.Change.AfterUnknown.(map[string]any)
		values := map[string]any{}
		for key := range body {
			if key == "//" || key == "filename" || key == "source_code_hash" {
				continue
			}
			values[key] = planned[key]
			if key == "provisioner" {
				delete(values, key)
				values["job"] = job(t, body)
				continue
			}
			if key == "lifecycle" || key == "depends_on" {
				values[key] = body[key]
			} else if whole, _ := unknown[key].(bool); whole {
				values[key] = "ref " + strings.Join(references(config[change.Address].Expressions[key]), " ")
			}
		}
		stack.byCase[path[1]] = append(stack.byCase[path[1]], plannedResource{change.Address, change.Type, values})
		for key, value := range planned {
			if _, set := values[key]; !set {
				values["default "+key] = value
			}
		}
	}
	return stack
}

// job is what the program that builds an image is told, but for the hash of the
// content and what is said anyway.
func job(t testing.TB, body map[string]any) map[string]any {
	t.Helper()
	text, _ := at(body, "provisioner.local-exec.environment.AEGIS_IMAGE_JOB").(string)
	var told map[string]any
	must(t, json.Unmarshal([]byte(text), &told))
	for _, key := range []string{"version", "hash"} {
		if empty(told[key]) {
			t.Errorf("the job has no %s: %s", key, text)
		}
		delete(told, key)
	}
	return told
}

// references are the attributes that an expression refers to, as TYPE.ATTRIBUTE.
func references(e *tfjson.Expression) []string {
	if e == nil || e.ExpressionData == nil {
		return nil
	}
	var all []string
	for _, reference := range e.References {
		if parts := strings.Split(reference, "."); len(parts) == 3 && parts[0] != "data" {
			all = append(all, parts[0]+"."+parts[2])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (d document) resource(kind, name string) map[string]any {
	all, _ := d["resource"].(map[string]any)
	ofType, _ := all[kind].(map[string]any)
	body, _ := ofType[name].(map[string]any)
	return body
}

// pathOf is the construct path that cdktf writes beside a resource.
func pathOf(body map[string]any) string {
	path, _ := at(body, "//.metadata.path").(string)
	return path
}

// compare fails the test for every resource and every attribute that is not as
// demanded.
func (s plannedStack) compare(t *testing.T, c equalCase, d demand) {
	t.Helper()
	left := slices.Clone(s.byCase[c.Name])
	replace := placeholders(c.name(), left)
	for _, name := range slices.Sorted(maps.Keys(d.More)) {
		w := d.More[name]
		wanted, _ := replace(w.Values).(map[string]any)
		// The one of that type that is nearest to what is demanded.
		best, problems := -1, []string(nil)
		for i, r := range left {
			if r.kind != w.Type {
				continue
			}
			if p := r.differ(wanted); best < 0 || len(p) < len(problems) {
				best, problems = i, p
			}
		}
		if best < 0 {
			t.Errorf("%s: no %s is planned", name, w.Type)
			continue
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", name, left[best].address, p)
		}
		if w.Type == "aws_lambda_function" {
			s.checkPackage(t, left[best].address, d.Package)
		}
		left = slices.Delete(left, best, best+1)
	}
	for _, r := range left {
		t.Errorf("%s is planned, and the module has none", r.address)
	}
}

// placeholders fills in what a case's texts stand for.
func placeholders(function string, planned []plannedResource) func(any) any {
	role := ""
	for _, r := range planned {
		if r.kind == "aws_iam_role" {
			role, _ = r.values["name"].(string)
		}
	}
	var replace func(v any) any
	replace = func(v any) any {
		switch v := v.(type) {
		case string:
			if v == "the role's name" || v == "any" {
				if v == "any" {
					return v
				}
				return role
			}
			return strings.ReplaceAll(v, "NAME", function)
		case []any:
			out := make([]any, len(v))
			for i := range v {
				out[i] = replace(v[i])
			}
			return out
		case map[string]any:
			out := make(map[string]any, len(v))
			for key := range v {
				out[key] = replace(v[key])
			}
			return out
		default:
			return v
		}
	}
	return replace
}

// differ lists the attributes that are not as demanded.
func (r plannedResource) differ(wanted map[string]any) []string {
	var problems []string
	keys := slices.Collect(maps.Keys(wanted))
	for key := range r.values {
		if _, demanded := wanted[key]; !demanded && !strings.HasPrefix(key, "default ") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		expected := wanted[key]
		got, set := r.values[key]
		if !set {
			got = r.values["default "+key]
		}
		if expected == "any" && !empty(got) {
			continue
		}
		if _, demanded := wanted[key]; !demanded && empty(got) {
			continue
		}
		if problem := differs(key, expected, got); problem != "" {
			problems = append(problems, key+": "+problem)
		}
	}
	return problems
}

func differs(key string, expected, got any) string {
	text, isText := expected.(string)
	gotText, _ := got.(string)
	switch {
	case key == "depends_on":
		for _, kind := range texts(expected) {
			if !slices.ContainsFunc(texts(got), func(address string) bool { return strings.HasPrefix(address, kind+".") }) {
				return fmt.Sprintf("does not wait for %s: %v", kind, got)
			}
		}
		return ""
	case empty(expected) && empty(got), isText && equalJSON(text, gotText):
		return ""
	case isText && strings.HasPrefix(text, "matches "):
		if regexp.MustCompile(strings.TrimPrefix(text, "matches ")).MatchString(gotText) {
			return ""
		}
	case cmp.Equal(normal(expected), normal(got)):
		return ""
	}
	return fmt.Sprintf("want %s, got %s", shown(expected), shown(got))
}

// normal sorts lists of text, which are sets in the plan, and drops what a
// block does not set.
func normal(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i])
		}
		if all := texts(v); len(all) == len(v) && len(v) > 0 && !strings.Contains(all[0], ":layer:") {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if !empty(value) {
				out[key] = normal(value)
			}
		}
		return out
	default:
		return v
	}
}

// empty is what Terraform plans for something not set.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case float64:
		return false
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	default:
		return false
	}
}

// checkPackage looks into the zip: the files that the module would package, and
// the hash that Terraform compares.
func (s plannedStack) checkPackage(t *testing.T, address string, files []string) {
	t.Helper()
	d, err := readDocument(filepath.Join(s.dir, stackFile))
	if err != nil {
		t.Fatal(err)
	}
	kind, name, _ := strings.Cut(address, ".")
	body := d.resource(kind, name)
	file, _ := body["filename"].(string)
	if filepath.IsAbs(file) {
		t.Errorf("filename: must be relative, got %q", file)
	}
	content, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if want := base64.StdEncoding.EncodeToString(sum[:]); body["source_code_hash"] != want {
		t.Errorf("source_code_hash: want %q, got %q", want, body["source_code_hash"])
	}
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") {
			got = append(got, f.Name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("files of the package (-module +got):\n%s", diff)
	}
}
