package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// operation is an operation of a service in a program's symbols: the linker leaves
// out those that nothing calls.
var operation = regexp.MustCompile(`aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.addOperation(\w+)Middlewares`)

// unpermitted are operations that programs have and that no policy allows.
var unpermitted = map[string]string{
	"dynamodb:DescribeEndpoints":    "the SDK's, of a setting that is off",
	"s3:CreateSession":              "the SDK's, for directory buckets",
	"signin:CreateOAuth2Token":      "the SDK's, for credentials",
	"sso:GetRoleCredentials":        "the SDK's, for credentials",
	"ssooidc:CreateToken":           "the SDK's, for credentials",
	"sts:AssumeRole":                "the SDK's, for credentials",
	"sts:AssumeRoleWithWebIdentity": "the SDK's, for credentials",
	"state-checker ecs:RunTask":     "it has the dispatcher for approval requests alone",
}

// uncalled are actions that policies allow and that programs do not call themselves.
var uncalled = map[string]string{
	"dispatcher ecs:TagResource":        "RunTask's, for the tags",
	"dispatcher iam:PassRole":           "RunTask's, for the roles",
	"callback sqs:DeleteMessage":        "Lambda's, of the event source",
	"callback sqs:GetQueueAttributes":   "Lambda's, of the event source",
	"callback sqs:ReceiveMessage":       "Lambda's, of the event source",
	"dispatcher sqs:DeleteMessage":      "Lambda's, of the event source",
	"dispatcher sqs:GetQueueAttributes": "Lambda's, of the event source",
	"dispatcher sqs:ReceiveMessage":     "Lambda's, of the event source",
	"logs:CreateLogStream":              "Lambda's",
	"logs:PutLogEvents":                 "Lambda's",
	"xray:PutTelemetryRecords":          "Lambda's",
	"xray:PutTraceSegments":             "Lambda's",
}

// functionsMayDoWhatTheyCall compares each function's policy with the operations that
// its program can reach.
func functionsMayDoWhatTheyCall(t *testing.T, stack *synthtest.Template) {
	t.Helper()
	used := map[string]bool{}
	without := func(all []string, program string, list map[string]string) []string {
		return slices.DeleteFunc(all, func(action string) bool {
			for _, key := range []string{action, program + " " + action} {
				if list[key] != "" {
					used[key] = true
					return true
				}
			}
			return false
		})
	}
	dir := buildFunctions(t)
	for program, id := range functionIDs {
		called := without(calls(t, filepath.Join(dir, program)), program, unpermitted)
		allowed := without(actionsOf(t, stack, id), program, uncalled)
		if len(called) < 5 {
			t.Errorf("%s: found only %v in the program", program, called)
		}
		if diff := cmp.Diff(called, allowed); diff != "" {
			t.Errorf("%s: actions (-program +policy):\n%s", program, diff)
		}
	}
	for _, list := range []map[string]string{unpermitted, uncalled} {
		for key := range list {
			if !used[key] {
				t.Errorf("%s is on the list and not used", key)
			}
		}
	}
}

// buildFunctions builds the functions' programs as the stack does, with their symbols.
func buildFunctions(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	args := []string{"build", "-tags", "lambda.norpc", "-o", dir}
	for _, program := range sorted(functionIDs) {
		args = append(args, "../../controller/cmd/"+program)
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// calls are the operations in a program.
func calls(t *testing.T, program string) []string {
	t.Helper()
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, m := range operation.FindAllStringSubmatch(string(symbols), -1) {
		service := m[1]
		if service == "sfn" {
			service = "states"
		}
		found[service+":"+m[2]] = true
	}
	return sorted(found)
}

// actionsOf are the actions in a function's policy.
func actionsOf(t *testing.T, stack *synthtest.Template, id string) []string {
	t.Helper()
	actions := map[string]bool{}
	for name, body := range stack.Resources("aws_iam_role_policy") {
		if !strings.HasPrefix(name, id+"_") {
			continue
		}
		var document struct{ Statement []struct{ Action any } }
		if err := json.Unmarshal([]byte(interpolation.ReplaceAllString(body["policy"].(string), "$${token}")), &document); err != nil {
			t.Fatal(err)
		}
		for _, s := range document.Statement {
			for _, action := range texts(s.Action) {
				actions[action] = true
			}
		}
	}
	return sorted(actions)
}
