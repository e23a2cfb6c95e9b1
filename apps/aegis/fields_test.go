package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/lambda"
)

// TestFields has for every field a value that is taken, and some that are refused.
func TestFields(t *testing.T) {
	t.Parallel()
	const (
		key         = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555"
		wantNumbers = `a number from 0 to 1000, or such numbers by function as in "controller=2,dispatcher=1"`
		topic       = "arn:aws:sns:eu-central-1:123456789012:alarms"
	)
	cases := map[string]struct {
		good string
		got  func(e Environment) any
		want any
		bad  []string
		err  string
	}{
		"region":                  {"eu-central-1", func(e Environment) any { return e.Region }, "eu-central-1", []string{"Frankfurt", "eu-central"}, wantRegion},
		"state_bucket":            {"acme-state", func(e Environment) any { return e.Backend.Bucket }, "acme-state", []string{"NO", "ab"}, "a bucket's name of 3 to 63 lower-case letters, digits, dots and -"},
		"state_region":            {"eu-west-1", func(e Environment) any { return e.Backend.Region }, "eu-west-1", []string{"x"}, wantRegion},
		"cost_center":             {"team 42", func(e Environment) any { return e.CostCenter }, "team 42", []string{"a;b", strings.Repeat("x", 257)}, "1 to 256 letters, digits, spaces and _.:/=+-@"},
		"architecture":            {"x86_64", func(e Environment) any { return e.Architecture }, lambda.X8664, []string{"amd64", "ARM64", "x86-64"}, "arm64 or x86_64"},
		"function_url":            {"false", func(e Environment) any { return e.FunctionURL }, false, []string{"yes", "1"}, "true or false"},
		"tracing":                 {"Active", func(e Environment) any { return e.Tracing }, lambda.Active, []string{"active", "true"}, "Active or PassThrough"},
		"provisioned_concurrency": {"controller=3, callback=1", func(e Environment) any { return e.ProvisionedConcurrency }, map[functionName]int{controller: 3, callback: 1}, []string{"-1", "1001", "x"}, wantNumbers},
		"reserved_concurrency":    {"state-checker=1000", func(e Environment) any { return e.ReservedConcurrency }, map[functionName]int{stateChecker: 1000}, []string{"-1", "1001", "2.5"}, wantNumbers},
		"queue_concurrency":       {"2", func(e Environment) any { return e.QueueConcurrency }, 2, []string{"1", "1001"}, "a number from 2 to 1000"},
		"log_retention_days":      {"3653", func(e Environment) any { return e.LogRetentionDays }, 3653, []string{"0", "8"}, "a number of days that CloudWatch has, such as 7, 14, 30, 90, 365"},
		"kms_key_arn":             {key, func(e Environment) any { return e.KMSKeyARN }, key, []string{"alias/x"}, "the ARN of a KMS key"},
		"keep_days":               {"3650", func(e Environment) any { return e.KeepDays }, 3650, []string{"0", "3651"}, "a number from 1 to 3650"},
		"protected":               {"true", func(e Environment) any { return e.Protected }, true, []string{"True"}, "true or false"},
		"alarm_topic_arn":         {topic, func(e Environment) any { return e.AlarmTopicARN }, topic, []string{"alarms"}, "the ARN of an SNS topic"},
		"model_id":                {"eu.amazon.nova-pro-v1:0", func(e Environment) any { return e.ModelID }, "eu.amazon.nova-pro-v1:0", []string{"two words"}, "a Bedrock model's id, or the ARN of one or of an inference profile"},
		"foundation_model":        {"amazon.nova-pro-v1:0", func(e Environment) any { return e.FoundationModel }, "amazon.nova-pro-v1:0", []string{"nova", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0"}, `a Bedrock model's id such as "amazon.nova-pro-v1:0"`},
		"model_stub":              {"false", func(e Environment) any { return e.ModelStub }, false, []string{"allow"}, "true or false"},
		"max_tokens":              {"1000", func(e Environment) any { return e.MaxTokens }, 1000, []string{"999", "10000001"}, "a number from 1000 to 10000000"},
		"subnets":                 {"subnet-01234567, subnet-89abcdef", func(e Environment) any { return e.Subnets }, []string{"subnet-01234567", "subnet-89abcdef"}, []string{"a", "subnet-01234567,"}, `1 to 16 ids such as "subnet-0123456789abcdef0", with commas`},
		"security_groups":         {"sg-01234567", func(e Environment) any { return e.SecurityGroups }, []string{"sg-01234567"}, []string{"x", strings.Repeat("sg-01234567,", 5) + "sg-01234567"}, `1 to 5 ids such as "sg-0123456789abcdef0", with commas`},
		"assign_public_ip":        {"true", func(e Environment) any { return e.AssignPublicIP }, true, []string{"ENABLED"}, "true or false"},
		"vpc_cidr":                {"10.1.0.0/16", func(e Environment) any { return e.VPCCIDR }, "10.1.0.0/16", []string{"10.1.0.0/15", "10.1.0.0/25", "10.1.0.1/24", "::/16"}, `a network of /16 to /24 such as "10.70.0.0/24"`},
	}
	all := presets()[dev]
	for _, f := range fields() {
		tc, found := cases[f.name]
		if !found {
			t.Errorf("%s is not tested", f.name)
			continue
		}
		f.set(&all, tc.good)
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			e := presets()[dev]
			if problems := f.set(&e, tc.good); problems != nil {
				t.Errorf("%q: %s", tc.good, problems)
			}
			if diff := cmp.Diff(tc.want, tc.got(e)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, value := range tc.bad {
				for _, source := range []string{f.variable(), "aegis.all." + f.name, "aegis.dev." + f.name} {
					env, context := map[string]string{}, map[string]any{}
					if parts := strings.Split(source, "."); len(parts) == 3 {
						context = map[string]any{"aegis": map[string]any{parts[1]: map[string]any{f.name: value}}}
					} else {
						env[source] = value
					}
					_, err := fromEnvironment(environ(env), context)
					want := source + ": must be " + tc.err + ", got "
					if !strings.Contains(errorText(err), want) {
						t.Errorf("%q: want %s, got %v", value, want, err)
					}
				}
			}
		})
	}
	if len(cases) != len(fields()) {
		t.Errorf("%d cases for %d fields", len(cases), len(fields()))
	}
	for path, same := range unchanged("", reflect.ValueOf(presets()[dev]), reflect.ValueOf(all)) {
		if same != (path == "Name") {
			t.Errorf("Environment.%s is without a setting: %t", path, same)
		}
	}
}

func TestBucketNames(t *testing.T) {
	t.Parallel()
	const grammar = "of 3 to 63 lower-case letters, digits, dots and -"
	for name, wants := range map[string][]string{
		"abc": nil, strings.Repeat("a", 63): nil, "a.b-c.d": nil, "1.2.3": nil, "1.2.3.4.5": nil, "1234.1.1.1": nil,
		"sthree": nil, "xn-a": nil, "a--x-s3-b": nil, "acme-123456789012-eu-west-1-an": nil,
		"ab": {grammar}, strings.Repeat("a", 64): {grammar}, "a_b": {grammar}, "-ab": {grammar}, "ab.": {grammar}, "a..B": {grammar},
		"a..b":                  {"without two dots in a row"},
		"192.168.5.4":           {"that is not like an IP address"},
		"999.1.1.1":             {"that is not like an IP address"},
		"xn--a":                 {"that does not begin with the reserved xn--"},
		"sthree-a":              {"that does not begin with the reserved sthree-"},
		"amzn-s3-demo-a":        {"that does not begin with the reserved amzn-s3-demo-"},
		"a-s3alias":             {"that does not end with the reserved -s3alias"},
		"a--ol-s3":              {"that does not end with the reserved --ol-s3"},
		"a.mrap":                {"that does not end with the reserved .mrap"},
		"a--x-s3":               {"that does not end with the reserved --x-s3"},
		"a--table-s3":           {"that does not end with the reserved --table-s3"},
		"sthree-a..b--table-s3": {"without two dots in a row", "that does not begin with the reserved sthree-", "that does not end with the reserved --table-s3"},
	} {
		var want []string
		for _, w := range wants {
			want = append(want, must("a bucket's name "+w, name)...)
		}
		if diff := cmp.Diff(want, bucketProblems(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRepeatedIDs(t *testing.T) {
	t.Parallel()
	_, err := fromEnvironment(environ(map[string]string{
		"AEGIS_SUBNETS": "subnet-01234567,subnet-89abcdef, subnet-01234567", "AEGIS_SECURITY_GROUPS": "sg-01234567,sg-01234567",
	}), nil)
	want := `AEGIS_SUBNETS: must be a list with "subnet-01234567" once, got "subnet-01234567,subnet-89abcdef, subnet-01234567"
AEGIS_SECURITY_GROUPS: must be a list with "sg-01234567" once, got "sg-01234567,sg-01234567"`
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// unchanged says of each field of a struct, and of those within, whether the two agree.
func unchanged(path string, a, b reflect.Value) map[string]bool {
	fields := map[string]bool{}
	for i := range a.NumField() {
		name := path + a.Type().Field(i).Name
		if a.Field(i).Kind() == reflect.Struct {
			maps.Copy(fields, unchanged(name+".", a.Field(i), b.Field(i)))
			continue
		}
		fields[name] = reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface())
	}
	return fields
}

// TestPrecedence: the variable, the environment's setting, everybody's, the preset.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	context := map[string]any{"aegis": map[string]any{
		"all":     map[string]any{"keep_days": 2.0, "max_tokens": 5000.0, "cost_center": "all"},
		"dev":     map[string]any{"keep_days": 3.0, "subnets": []any{"subnet-01234567"}, "security_groups": "sg-01234567"},
		"staging": map[string]any{"model_stub": true},
	}}
	// An empty variable is as good as none.
	env := map[string]string{envNames: "dev,staging,production", "AEGIS_MAX_TOKENS": "6000", "AEGIS_COST_CENTER": " "}
	got, err := fromEnvironment(environ(env), context)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Keep, Tokens int
		Cost         string
		Stub, Own    bool
	}
	var rows []row
	for _, e := range got {
		rows = append(rows, row{e.KeepDays, e.MaxTokens, e.CostCenter, e.ModelStub, e.ownNetwork()})
	}
	if diff := cmp.Diff([]row{{3, 6000, "all", true, false}, {2, 6000, "all", true, true}, {2, 6000, "all", false, true}}, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadContext(t *testing.T) {
	for name, tc := range map[string]struct {
		passed, file string
		want         map[string]any
		err          string
	}{
		"of the CLI":        {`{"a":1}`, "", map[string]any{"a": 1.0}, ""},
		"of the CLI first":  {`{"a":1}`, `{"context":{"a":2}}`, map[string]any{"a": 1.0}, ""},
		"of the file":       {"", `{"context":{"a":2}}`, map[string]any{"a": 2.0}, ""},
		"a file without it": {"", `{}`, nil, ""},
		"no JSON passed":    {"{", "", nil, "CDKTF_CONTEXT_JSON: unexpected end of JSON input"},
		"no JSON in a file": {"", "{", nil, "cdktf.json: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if tc.file != "" {
				if err := os.WriteFile("cdktf.json", []byte(tc.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := readContext(func(string) (string, bool) { return tc.passed, tc.passed != "" })
			if diff := cmp.Diff(tc.err, errorText(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestContextMistakes(t *testing.T) {
	t.Parallel()
	context := map[string]any{"aegis": map[string]any{
		"all": map[string]any{"keepDays": 2.0, "max_tokens": 1.0, "region": nil, "subnets": []any{1.0}, "cost_center": map[string]any{"a": 1.0}},
		"qa":  map[string]any{}, "dev": "x", "staging": map[string]any{"subnets": "subnet-01234567"},
	}}
	env := map[string]string{envNames: "dev,staging"}
	_, err := fromEnvironment(environ(env), context)
	want := `aegis.all.cost_center: must be a text, a number, a boolean or a list of texts, and not empty, got map[a:1]
aegis.all.keepDays: is not a setting; nearest is keep_days
aegis.all.region: must be a text, a number, a boolean or a list of texts, and not empty, got <nil>
aegis.all.subnets: must be a text, a number, a boolean or a list of texts, and not empty, got [1]
aegis.dev: must be an object of settings, got x
aegis.qa: must be all or an environment, of which there are dev, production, staging
aegis.all.max_tokens: must be a number from 1000 to 10000000, got "1"
aegis.staging.subnets: must go with aegis.staging.security_groups, got it alone`
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFieldsAreDocumented: every field of Environment says what it is.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "environment.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	commented := false
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Environment" {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			commented = commented || f.Doc != nil
			if f.Doc == nil && f.Names[0].Name != "SecurityGroups" { // one sentence with Subnets
				t.Errorf("%s has no comment", f.Names[0].Name)
			}
		}
		return false
	})
	if !commented {
		t.Error("found no field")
	}
}
