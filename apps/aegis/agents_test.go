package main

import (
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	agentSources = "../../agents"
	kitSources   = agentSources + "/internal/kit"
)

// notTheStacks are the variables that agents read and the stack does not set, each
// with its reason.
var notTheStacks = map[string]string{
	"AEGIS_TASK":                    "RunTask gives it",
	"AEGIS_TASK_REF":                "RunTask gives it, for a long task",
	"CALLBACK_URL":                  "local mode's CALLBACK_QUEUE",
	"ARTIFACT_DIR":                  "local mode's ARTIFACT_BUCKET",
	"MODEL_STUB_SCRIPT":             "tests script the stub",
	"FETCH_PROXY_ALLOW":             "tests fetch from loopback",
	"PORT":                          "for an agent that serves, without a task",
	"AWS_EXECUTION_ENV":             "AWS sets it",
	"ECS_CONTAINER_METADATA_URI_V4": "ECS sets it",
}

// TestVariablesOfAgents: with a model and with the stub the stack sets just what the
// agents read.
func TestVariablesOfAgents(t *testing.T) {
	stub, model := presets()[dev], presets()[staging]
	model.ModelID = "amazon.nova-pro-v1:0"
	set := map[string]map[string]bool{}
	for _, stack := range synthesize(t, stub, model) {
		for id, task := range stack.Resources("aws_ecs_task_definition") {
			if set[id] == nil {
				set[id] = map[string]bool{}
			}
			for _, m := range regexp.MustCompile(`"name" = "([A-Z0-9_]+)"`).FindAllStringSubmatch(task["container_definitions"].(string), -1) {
				set[id][m[1]] = true
			}
		}
	}
	if len(set) != len(agentSpecs()) {
		t.Errorf("%d agents have variables: %v", len(set), sorted(set))
	}
	read := agentsRead(t)
	for name := range notTheStacks {
		if !read[name] {
			t.Errorf("%s is on the list, and no agent reads it", name)
		}
		delete(read, name)
	}
	for id, names := range set {
		if diff := cmp.Diff(sorted(read), sorted(names)); diff != "" {
			t.Errorf("%s: variables (-agents +stack):\n%s", id, diff)
		}
	}
}

// agentsRead are the constants in which the kit has the names of variables, and what
// is asked of the environment by name anywhere in the agents.
func agentsRead(t *testing.T) map[string]bool {
	t.Helper()
	read := map[string]bool{}
	for name, value := range stringConstants(sources(t, kitSources)) {
		if strings.HasPrefix(name, "var") {
			read[value] = true
		}
	}
	if len(read) == 0 {
		t.Error("the kit has no constants of variables")
	}
	err := filepath.WalkDir(agentSources, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if found, err := filepath.Glob(filepath.Join(path, "*.go")); err != nil || len(found) == 0 {
			return err
		}
		files := sources(t, path)
		constants := stringConstants(files)
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !slices.Contains([]string{"getenv", "Getenv", "LookupEnv"}, called(call)) {
					return true
				}
				name := stringValue(call.Args[0], constants)
				if name == "" {
					t.Errorf("%s: reads a variable whose name is not a constant", path)
				}
				read[name] = true
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// called is the name of what is called, without its package or value.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// stringConstants are a package's constants that are texts.
func stringConstants(files []*ast.File) map[string]string {
	constants := map[string]string{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.CONST {
				continue
			}
			for _, spec := range general.Specs {
				values := spec.(*ast.ValueSpec)
				for i, value := range values.Values {
					if text := stringValue(value, nil); text != "" {
						constants[values.Names[i].Name] = text
					}
				}
			}
		}
	}
	return constants
}

// stringValue is the text of a literal or of one of the constants.
func stringValue(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	}
	return ""
}

// TestStopTime: an agent that is told to stop has left before it is killed.
func TestStopTime(t *testing.T) {
	text, err := os.ReadFile(kitSources + "/main.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`killAfter = ([0-9]+) \* time\.Second`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the kit does not say how long it takes to stop")
	}
	if takes, err := strconv.Atoi(string(found[1])); err != nil || takes >= stopSeconds {
		t.Errorf("an agent takes %s s to stop, and is killed after %d", found[1], stopSeconds)
	}
}
