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
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// equivalence is testdata/lambda.json: what the Terraform module plans for its
// inputs, written from the module's own description. Ours has to plan the same,
// but for the differences that the construct's README names.
//
// Values are those of the plan; besides,
//
//	"ref TYPE.ATTRIBUTE"  is a reference to that attribute of a resource of the same case,
//	"matches REGEXP"      is any text that the expression matches,
//	"the role's name"     is whatever the role is called,
//
// text that begins with "{" is compared as JSON, depends_on names types that
// have to be among those waited for, and NAME is the function's name.
// An attribute that neither side sets is the provider's default in both.
type equivalence struct {
	Always map[string]want `json:"always"`
	Cases  []equalCase     `json:"cases"`
}

type want struct {
	Type   string         `json:"type"`
	Values map[string]any `json:"values"`
}

// demand is what a case changes about what is planned always.
type demand struct {
	Values  map[string]map[string]any `json:"values"`
	More    map[string]want           `json:"more"`
	Package []string                  `json:"package"`
}

type equalCase struct {
	demand

	Name         string            `json:"name"`
	FunctionName string            `json:"function_name"`
	Inputs       inputs            `json:"inputs"`
	Differences  map[string]demand `json:"differences"`
}

// inputs are the module's, by its names.
type inputs struct {
	Handler              *string           `json:"handler"`
	Runtime              *string           `json:"runtime"`
	SourceDir            string            `json:"source_dir"`
	ExcludeFiles         []string          `json:"exclude_files"`
	MemorySize           int               `json:"memory_size"`
	Timeout              int               `json:"timeout"`
	EnvironmentVariables map[string]string `json:"environment_variables"`
	PolicyARNs           []string          `json:"policy_arns"`
	InlinePolicy         *string           `json:"inline_policy"`
	LogRetentionDays     int               `json:"log_retention_days"`
	VPCConfig            *struct {
		SubnetIDs        []string `json:"subnet_ids"`
		SecurityGroupIDs []string `json:"security_group_ids"`
	} `json:"vpc_config"`
	DeadLetterConfig *struct {
		TargetARN string `json:"target_arn"`
	} `json:"dead_letter_config"`
	EphemeralStorageSize         int      `json:"ephemeral_storage_size"`
	ReservedConcurrentExecutions *int     `json:"reserved_concurrent_executions"`
	TracingMode                  string   `json:"tracing_mode"`
	Architectures                []string `json:"architectures"`
	Layers                       []string `json:"layers"`
	EnableFunctionURL            bool     `json:"enable_function_url"`
	FunctionURLAuthType          string   `json:"function_url_auth_type"`
	FunctionURLCORS              *struct {
		AllowCredentials bool     `json:"allow_credentials"`
		AllowHeaders     []string `json:"allow_headers"`
		AllowMethods     []string `json:"allow_methods"`
		AllowOrigins     []string `json:"allow_origins"`
		ExposeHeaders    []string `json:"expose_headers"`
		MaxAge           int      `json:"max_age"`
	} `json:"function_url_cors"`
	ScheduleExpression   string            `json:"schedule_expression"`
	AliasName            string            `json:"alias_name"`
	AliasFunctionVersion string            `json:"alias_function_version"`
	Tags                 map[string]string `json:"tags"`
}

const (
	unknownPolicy = "${aws_iam_policy.Unknown.arn}"
	// everyVersion stands for the alias that follows, which the module has not.
	everyVersion  = "every version"
	latestVersion = "$LATEST"
)

// props says how a user of the module writes the same with the construct.
func (in inputs) props(name string, unknown *string) lambda.Props {
	source := in.SourceDir
	if source == "" {
		source = "plain"
	}
	p := lambda.Props{
		FunctionName:        name,
		Code:                lambda.Directory{Path: filepath.Join(sources(), source), Exclude: in.ExcludeFiles},
		Handler:             "main.lambda_handler",
		Runtime:             lambda.Python312,
		MemoryMiB:           in.MemorySize,
		Timeout:             time.Duration(in.Timeout) * time.Second,
		InlinePolicy:        in.InlinePolicy,
		LogRetentionDays:    in.LogRetentionDays,
		EphemeralStorageMiB: in.EphemeralStorageSize,
		TracingMode:         lambda.TracingMode(in.TracingMode),
		Layers:              *jsii.Strings(in.Layers...),
		Environment:         pointers(in.EnvironmentVariables),
		Tags:                pointers(in.Tags),
	}
	if in.Handler != nil {
		p.Handler = *in.Handler
	}
	if in.Runtime != nil {
		p.Runtime = lambda.Runtime(*in.Runtime)
	}
	if len(in.Architectures) > 0 {
		p.Architecture = lambda.Architecture(in.Architectures[0])
	}
	for _, arn := range in.PolicyARNs {
		if arn == unknownPolicy {
			p.ManagedPolicyARNs = append(p.ManagedPolicyARNs, unknown)
		} else {
			p.ManagedPolicyARNs = append(p.ManagedPolicyARNs, jsii.String(arn))
		}
	}
	if v := in.VPCConfig; v != nil {
		p.VPC = &lambda.VPC{SubnetIDs: *jsii.Strings(v.SubnetIDs...), SecurityGroupIDs: *jsii.Strings(v.SecurityGroupIDs...)}
	}
	if d := in.DeadLetterConfig; d != nil {
		if strings.Contains(d.TargetARN, ":sns:") {
			p.DeadLetter.TopicARN = jsii.String(d.TargetARN)
		} else {
			p.DeadLetter.QueueARN = jsii.String(d.TargetARN)
		}
	}
	if r := in.ReservedConcurrentExecutions; r != nil && *r >= 0 {
		p.ReservedConcurrency = r
	}
	if in.EnableFunctionURL {
		p.URL = &lambda.FunctionURL{AuthType: lambda.AuthType(in.FunctionURLAuthType)}
		if c := in.FunctionURLCORS; c != nil {
			p.URL.CORS = &lambda.CORS{
				AllowCredentials: c.AllowCredentials, AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods,
				AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: time.Duration(c.MaxAge) * time.Second,
			}
		}
	}
	if in.ScheduleExpression != "" {
		p.Schedules = []lambda.Schedule{{Expression: in.ScheduleExpression}}
	}
	if in.AliasName != "" {
		p.Alias = &lambda.Alias{Name: in.AliasName, FunctionVersion: in.AliasFunctionVersion}
		switch in.AliasFunctionVersion {
		case "":
			p.Alias.FunctionVersion = latestVersion
		case everyVersion:
			p.Alias.FunctionVersion = ""
		}
	}
	return p
}

func pointers(m map[string]string) map[string]*string {
	if m == nil {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = jsii.String(v)
	}
	return out
}

// TestEquivalence plans a stack with a function for each case.
func TestEquivalence(t *testing.T) {
	t.Parallel()
	var table equivalence
	text, err := os.ReadFile(filepath.Join("testdata", "lambda.json"))
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&table); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root(), "constructs", "lambda", "README.md"))
	if err != nil {
		t.Fatal(err)
	}

	const name = "equivalence"
	row := summary.start(t)
	pinned(t)
	account := newAccount(t)
	outdir := filepath.Join(folder(t), "cdktf.out")
	synthesize(t, outdir, name, func(stack cdktf.TerraformStack) {
		unknown := newPolicy(stack, "Unknown", "unknown").Arn()
		for _, c := range table.Cases {
			lambda.NewFunction(stack, c.Name, c.Inputs.props(c.functionName(), unknown))
		}
	})
	w := open(t, filepath.Join(outdir, "stacks", name), account)
	done := row.step(validated)
	w.validate(t)
	done("ok")
	done = row.step(planned)
	plan := w.plan(t)
	row.set(resources, len(managed(plan)))
	done(fmt.Sprintf("%d cases", len(table.Cases)))

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
	summary.note("equivalence of lambda: %d cases as in the module, with %d named differences", len(table.Cases), len(differences))
}

func (c equalCase) functionName() string {
	if c.FunctionName != "" {
		return c.FunctionName
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
	replace := placeholders(c.functionName(), left)
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
			if v == "the role's name" {
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
