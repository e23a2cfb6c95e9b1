package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// wildcards are all that a policy may have, each with its reason. The text is what
// comes after the last token of an ARN, or the whole.
var wildcards = map[string]string{
	"*":              "actions that know no ARN, below",
	":log-stream:*":  "streams are named by who writes them",
	":*":             "a log group's streams, a state machine's executions, a task definition's revisions: their names are not known before",
	"/objects/*":     "a prefix of the own bucket",
	"/artifacts/*":   "a prefix of the own bucket",
	"/checkpoints/*": "a prefix of the own bucket",
	"/*":             "the tasks of the own cluster",
}

// noARN are the actions that know no resource.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var noARN = []string{
	"ecr:GetAuthorizationToken", // logging in is to the registry
	"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
	"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
	"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

// policiesAreNarrow walks every policy of every role: no wildcard that is not on the
// list, and no statement twice.
func policiesAreNarrow(t *testing.T, stacks map[string]*synthtest.Template) {
	t.Helper()
	used := map[string]bool{}
	bodies := map[string]map[string]any{}
	for name, stack := range stacks {
		for id, body := range stack.Resources("aws_iam_role_policy") {
			bodies[name+"/"+id] = body
		}
		if n := len(stack.Resources("aws_iam_role_policy_attachment")); n != 0 {
			t.Errorf("%s: %d managed policies, which the walk does not see", name, n)
		}
	}
	policies := 0
	for id, body := range bodies {
		policies++
		var document struct{ Statement []map[string]any }
		if err := json.Unmarshal([]byte(interpolation.ReplaceAllString(body["policy"].(string), "$${token}")), &document); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		said := map[string]any{}
		for _, s := range document.Statement {
			sid := s["Sid"]
			delete(s, "Sid")
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if first, again := said[string(text)]; again {
				t.Errorf("%s: the statements %v and %v are the same", id, first, sid)
			}
			said[string(text)] = sid
			actions, resources := texts(s["Action"]), texts(s["Resource"])
			if len(actions) == 0 || len(resources) == 0 {
				t.Errorf("%s: a statement without actions or resources", id)
			}
			for _, action := range actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s: action %s", id, action)
				}
			}
			for _, resource := range resources {
				if !strings.Contains(resource, "*") {
					continue
				}
				rest := resource[strings.LastIndex(resource, "}")+1:]
				if _, ok := wildcards[rest]; !ok {
					t.Errorf("%s: resource %s", id, resource)
				}
				used[rest] = true
				if resource == "*" {
					for _, action := range actions {
						if !slices.Contains(noARN, action) {
							t.Errorf("%s: %s on *", id, action)
						}
					}
				}
			}
		}
	}
	if policies == 0 {
		t.Error("no policy")
	}
	for rest := range wildcards {
		if !used[rest] {
			t.Errorf("%s is on the list and not used", rest)
		}
	}
}

// interpolation is an expression of Terraform's, whose quotes are not JSON's.
var interpolation = regexp.MustCompile(`\$\{[^}]*\}`)

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, texts(one)...)
		}
		return all
	}
	return nil
}

// sources are the parsed files of a package, without its tests.
func sources(t *testing.T, dir string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no source, %v", dir, err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// reads are the variables that a program asks for, found in its source and in what
// all functions share.
func reads(t *testing.T, program string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, dir := range []string{"../../controller/cmd/" + program, "../../controller/internal/function"} {
		for _, file := range sources(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				// s.Env.Required("X"), env.Number("X", …)
				on := method.X
				if field, ok := on.(*ast.SelectorExpr); ok {
					on = field.Sel
				}
				if id, ok := on.(*ast.Ident); !ok || !strings.EqualFold(id.Name, "env") {
					return true
				}
				if literal, ok := call.Args[0].(*ast.BasicLit); ok {
					name, err := strconv.Unquote(literal.Value)
					if err == nil && regexp.MustCompile(`^[A-Z_]+$`).MatchString(name) {
						names[name] = true
					}
				}
				return true
			})
		}
	}
	delete(names, "AWS_REGION") // Lambda sets it
	return sorted(names)
}

// functionIDs are the functions' ids by their programs.
var functionIDs = map[string]string{"controller": "Controller", "dispatcher": "Dispatcher", "callback": "Callback", "state-checker": "StateChecker"}

// environmentsAreWhatProgramsRead compares both sides.
func environmentsAreWhatProgramsRead(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	if n := len(stack.Resources("aws_lambda_function")); n != len(functionIDs) {
		t.Errorf("got %d functions, want %d", n, len(functionIDs))
	}
	for program, id := range functionIDs {
		variables, _ := synthtest.Get(stack.Named("aws_lambda_function", id), "environment", "variables").(map[string]any)
		want := reads(t, program)
		if len(want) < 4 {
			t.Errorf("%s: found only %v in the source", program, want)
		}
		if diff := cmp.Diff(want, sorted(variables)); diff != "" {
			t.Errorf("%s: variables (-program +stack):\n%s", program, diff)
		}
	}
}

// containersAreConfined: no root, nothing to write to, an image by its digest, logs.
func containersAreConfined(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	for id, task := range stack.Resources("aws_ecs_task_definition") {
		text := task["container_definitions"].(string)
		for _, want := range []string{`"readonlyRootFilesystem" = true`, `"user" = "65532:65532"`, "@sha256:", `"logDriver" = "awslogs"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in %s", id, want, text)
			}
		}
	}
}

// machinesNameTheirOwn: a definition names the stack's task queue, and no ARN but
// the service integration's.
func machinesNameTheirOwn(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	for id, machine := range stack.Resources("aws_sfn_state_machine") {
		definition := machine["definition"].(string)
		for _, found := range regexp.MustCompile(`\$\{[^}]*\}`).FindAllString(definition, -1) {
			if found != "${aws_sqs_queue.Tasks.url}" && found != "${data.aws_partition.Partition.partition}" {
				t.Errorf("%s: names %s", id, found)
			}
		}
		for _, found := range regexp.MustCompile(`arn:[^"]*`).FindAllString(definition, -1) {
			if found != "arn:${data.aws_partition.Partition.partition}:states:::sqs:sendMessage.waitForTaskToken" {
				t.Errorf("%s: names %s", id, found)
			}
		}
		queues := regexp.MustCompile(`"QueueUrl":\s*"([^"]*)"`).FindAllStringSubmatch(definition, -1)
		for _, m := range queues {
			if m[1] != "${aws_sqs_queue.Tasks.url}" {
				t.Errorf("%s: sends to %s", id, m[1])
			}
		}
		if len(queues) == 0 {
			t.Errorf("%s: does not name the task queue", id)
		}
		if role := machine["role_arn"]; !strings.HasPrefix(role.(string), "${aws_iam_role.Workflows_") {
			t.Errorf("%s: role %v", id, role)
		}
		if machine["depends_on"] == nil {
			t.Errorf("%s does not wait for its role's policy", id)
		}
	}
	for id, task := range stack.Resources("aws_ecs_task_definition") {
		if waits, _ := task["depends_on"].([]any); len(waits) != 2 {
			t.Errorf("%s does not wait for its role's two policies: %v", id, waits)
		}
	}
}

// outputsLeakNothing: no output has the value of a secret.
func outputsLeakNothing(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	outputs, _ := stack.JSON["output"].(map[string]any)
	for name, output := range outputs {
		value, _ := synthtest.Get(output, "value").(string)
		if value == "" || strings.Contains(value, "random_password") || strings.Contains(value, "secret_version") || strings.Contains(value, "secret_string") {
			t.Errorf("%s: %q", name, value)
		}
	}
	if len(outputs) < 20 {
		t.Errorf("only %d outputs", len(outputs))
	}
}
