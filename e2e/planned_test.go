//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

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
