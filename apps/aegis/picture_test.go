package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// shapes are the kinds of resources that the picture shows, with Mermaid's brackets.
// https://mermaid.js.org/syntax/flowchart.html#node-shapes
var shapes = map[string][2]string{
	"aws_cloudwatch_event_rule": {"{{", "}}"}, "aws_dynamodb_table": {"[(", ")]"}, "aws_ecs_cluster": {"[/", "\\]"},
	"aws_ecs_task_definition": {"[[", "]]"},
	"aws_lambda_function":     {"[", "]"}, "aws_s3_bucket": {"[(", ")]"}, "aws_secretsmanager_secret": {"[/", "/]"},
	"aws_sfn_state_machine": {"([", "])"}, "aws_sqs_queue": {">", "]"},
}

var reference = regexp.MustCompile(`\b(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.`)

// undrawn are the actions without an arrow, or those of a service, each with its reason.
var undrawn = map[string]string{
	"ecr":          "an agent's image is its own",
	"iam:PassRole": "RunTask's arrow has it: the roles are the task's",
	"logs":         "a log group is its writer's own",
	"xray":         "traces belong to nothing",
}

// picture draws who may do what with what: every arrow is a statement of a policy,
// an event source, a schedule or a redrive in the stack. missing are the actions that
// have no arrow.
func picture(stack *synthtest.Template) (drawing string, missing []string) {
	nodes, edges, roles := map[string]string{}, map[string]map[string]bool{}, map[string][]string{}
	for kind, shape := range shapes {
		for id, body := range stack.Resources(kind) {
			label := fmt.Sprint(synthtest.Get(body, "tags", "Name"))
			for _, attribute := range []string{"name", "function_name", "family"} {
				if text, ok := body[attribute].(string); ok {
					label = text
				}
			}
			label = strings.TrimPrefix(label, "aegis-production-")
			nodes[kind+"."+id] = fmt.Sprintf("%s%s%q%s", id, shape[0], label, shape[1])
			for _, attribute := range []string{"role", "role_arn", "task_role_arn", "execution_role_arn"} {
				if found := references(body[attribute]); len(found) > 0 {
					roles[found[0]] = append(roles[found[0]], kind+"."+id)
				}
			}
		}
	}
	connect := func(from, to, label string) bool {
		if nodes[from] == "" || nodes[to] == "" || from == to {
			return false
		}
		key := nodeID(from) + "\x00" + nodeID(to)
		if edges[key] == nil {
			edges[key] = map[string]bool{}
		}
		edges[key][label] = true
		return true
	}
	for _, body := range stack.Resources("aws_iam_role_policy") {
		var document struct {
			Statement []struct{ Action, Resource any }
		}
		// Expressions have quotes; what they refer to is all that matters here.
		text := interpolation.ReplaceAllStringFunc(body["policy"].(string), func(expression string) string {
			return "${" + strings.Join(references(expression), " ") + ".}"
		})
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			panic(err)
		}
		for _, s := range document.Statement {
			actions, resources := texts(s.Action), texts(s.Resource)
			receives := slices.Contains(actions, "sqs:ReceiveMessage")
			for _, action := range actions {
				drawn := 0
				for _, owner := range roles[references(body["role"])[0]] {
					for _, resource := range references(s.Resource) {
						_, verb, _ := strings.Cut(action, ":")
						if receives && connect(resource, owner, "messages") || !receives && connect(owner, resource, verb) {
							drawn++
						}
					}
				}
				if drawn < len(resources) {
					missing = append(missing, action)
				}
			}
		}
	}
	for _, target := range stack.Resources("aws_cloudwatch_event_target") {
		for _, rule := range references(target["rule"]) {
			for _, fn := range references(target["arn"]) {
				connect(rule, fn, "every minute")
			}
		}
	}
	for id, q := range stack.Resources("aws_sqs_queue") {
		for _, dead := range references(q["redrive_policy"]) {
			connect("aws_sqs_queue."+id, dead, "after "+fmt.Sprint(maxReceives)+" failures")
		}
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n  client((\"client\")) -->|\"invoke\"| Controller\n")
	for _, key := range sorted(nodes) {
		b.WriteString("  " + nodes[key] + "\n")
	}
	for _, key := range sorted(edges) {
		from, to, _ := strings.Cut(key, "\x00")
		fmt.Fprintf(&b, "  %s -->|%q| %s\n", from, strings.Join(sorted(edges[key]), ", "), to)
	}
	return strings.Replace(b.String(), "| Controller\n", "| "+idOf(nodes, "aws_lambda_function.Controller")+"\n", 1), missing
}

// references are the resources that a value names, KIND.ID.
func references(v any) []string {
	var found []string
	for _, text := range texts(v) {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			found = append(found, m[1]+"."+m[2])
		}
	}
	return found
}

func nodeID(key string) string { _, id, _ := strings.Cut(key, "."); return id }

func idOf(nodes map[string]string, prefix string) string {
	for _, key := range sorted(nodes) {
		if strings.HasPrefix(key, prefix) {
			return nodeID(key)
		}
	}
	return "missing"
}

// TestGoldenArchitecture keeps docs/architecture.md as the stack is.
func TestGoldenArchitecture(t *testing.T) {
	e := presets()[production]
	stack := synthesize(t, e)[e.stackName()]
	drawn, missing := picture(stack)
	reasons := map[string]bool{}
	for _, action := range missing {
		service, _, _ := strings.Cut(action, ":")
		if undrawn[action] == "" && undrawn[service] == "" {
			t.Errorf("%s has neither an arrow nor a reason", action)
		}
		reasons[action], reasons[service] = true, true
	}
	for action := range undrawn {
		if !reasons[action] {
			t.Errorf("%s is on the list and drawn, or gone", action)
		}
	}
	for _, want := range []string{"StartExecution", "RunTask", "SendTaskSuccess", "every minute", "after 5 failures", "messages", "DescribeTasks, StopTask"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("the picture has no %s", want)
		}
	}
	synthtest.GoldenText(t, filepath.Join("..", "..", "..", "docs", "architecture.md"), []byte(`# The architecture, drawn from the stack

`+"`make golden`"+` draws this from the synthesized stack of production, and a test fails when it is not what the stack is. An arrow is
what a policy allows, an event source, a schedule or where dead letters go. Not drawn are the log groups, the traces, the images and
the roles that RunTask passes on. How a task goes round is in [0004](design/0004-control-plane.md), how it is run in the
[operator's guide](operator-guide.md).

`+"```mermaid\n"+drawn+"```\n"))
}
