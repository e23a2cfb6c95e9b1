//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	tfjson "github.com/hashicorp/terraform-json"
)

// where says at which step an exception is made.
type where string

const (
	// atApply leaves an attribute, or a resource, out of what is applied, and
	// not out of what is validated, planned and scanned before that.
	atApply where = "apply"
	// forgotten leaves an attribute out of the second plan: the emulator took it
	// and does not give it back.
	forgotten where = "second plan"
	// altered accepts that the second plan changes an attribute back that the
	// emulator gives back as something else.
	altered where = "second plan, altered"
	// sameJSON accepts that the second plan writes the same JSON differently.
	sameJSON where = "second plan, same JSON"
)

// exception is one thing that the emulator gets wrong.
type exception struct {
	resource  string // a type
	attribute string // a path with dots; empty at apply for the whole resource
	where     where
	reason    string
}

// exceptions are all there are: what is not here is a failure.
var exceptions = []exception{
	{"aws_sqs_queue_redrive_allow_policy", "", atApply, "the emulator takes RedriveAllowPolicy and never returns it; the provider waits for it until it gives up"},

	{"aws_lambda_provisioned_concurrency_config", "", atApply, "the emulator does not know PutProvisionedConcurrencyConfig"},

	{"aws_lambda_function", "dead_letter_config", forgotten, "the emulator does not return DeadLetterConfig"},
	{"aws_lambda_function", "file_system_config", forgotten, "the emulator does not return FileSystemConfigs"},
	{"aws_lambda_function", "logging_config", forgotten, "the emulator does not return LoggingConfig"},
	{"aws_lambda_function", "snap_start", forgotten, "the emulator does not return ApplyOn"},
	{"aws_lambda_event_source_mapping", "starting_position_timestamp", forgotten, "the emulator does not return StartingPositionTimestamp"},

	{"aws_lambda_event_source_mapping", "function_name", altered, "the emulator returns the version behind the alias"},
	{"aws_sqs_queue", "redrive_policy", sameJSON, "the emulator writes the policy anew, with white space"},
}

// used are the exceptions that were made, so that no row outlives its reason.
var used struct {
	sync.Mutex
	rows map[exception]bool
}

func use(e exception) {
	used.Lock()
	defer used.Unlock()
	if used.rows == nil {
		used.rows = map[exception]bool{}
	}
	used.rows[e] = true
}

// document is a stack's Terraform JSON.
type document map[string]any

func readDocument(path string) (document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d document
	return d, json.Unmarshal(text, &d)
}

func (d document) write(path string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// leaveOut removes what the exceptions of a step name, and reports whether
// anything was.
func (d document) leaveOut(step where) bool {
	changed := false
	for _, e := range exceptions {
		if e.where == step && d.except(e) {
			use(e)
			changed = true
		}
	}
	return changed
}

// except makes one exception and reports whether there was anything to except.
func (d document) except(e exception) bool {
	all, _ := d["resource"].(map[string]any)
	ofType, _ := all[e.resource].(map[string]any)
	if ofType == nil {
		return false
	}
	if e.attribute == "" {
		delete(all, e.resource)
		return true
	}
	changed := false
	for _, body := range ofType {
		changed = remove(body, strings.Split(e.attribute, ".")) || changed
	}
	return changed
}

// remove deletes a path, in every element of a list.
func remove(v any, path []string) bool {
	switch v := v.(type) {
	case map[string]any:
		value, ok := v[path[0]]
		if !ok {
			return false
		}
		if len(path) == 1 {
			delete(v, path[0])
			return true
		}
		return remove(value, path[1:])
	case []any:
		removed := false
		for _, item := range v {
			removed = remove(item, path) || removed
		}
		return removed
	default:
		return false
	}
}

// leftovers are the changes of a second plan that no exception covers.
func leftovers(plan *tfjson.Plan) []string {
	var found []string
	for _, change := range plan.ResourceChanges {
		if change.Change.Actions.NoOp() || change.Change.Actions.Read() {
			continue
		}
		if !change.Change.Actions.Update() {
			found = append(found, fmt.Sprintf("%s: %v", change.Address, change.Change.Actions))
			continue
		}
		for _, path := range changedPaths(change.Change.Before, change.Change.After, "") {
			if !covered(change.Type, path, change.Change) {
				found = append(found, fmt.Sprintf("%s: %s: %s", change.Address, path,
					shown(at(change.Change.Before, path))+" → "+shown(at(change.Change.After, path))))
			}
		}
	}
	for name, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			found = append(found, fmt.Sprintf("output %s: %v", name, change.Actions))
		}
	}
	slices.Sort(found)
	return found
}

func covered(kind, path string, change *tfjson.Change) bool {
	for _, e := range exceptions {
		if e.resource != kind || (e.attribute != path && !strings.HasPrefix(path, e.attribute+".")) {
			continue
		}
		if e.where == altered || (e.where == sameJSON && equalJSON(at(change.Before, path), at(change.After, path))) {
			use(e)
			return true
		}
	}
	return false
}

func equalJSON(a, b any) bool {
	x, okX := a.(string)
	y, okY := b.(string)
	var v, w any
	return okX && okY && json.Unmarshal([]byte(x), &v) == nil && json.Unmarshal([]byte(y), &w) == nil && reflect.DeepEqual(v, w)
}

// changedPaths are the paths of attributes that differ: to the block's
// attribute, with lists of blocks counted as one.
func changedPaths(before, after any, path string) []string {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	b, okB := before.(map[string]any)
	a, okA := after.(map[string]any)
	if !okB || !okA {
		x, listX := before.([]any)
		y, listY := after.([]any)
		if listX && listY && len(x) == 1 && len(y) == 1 {
			return changedPaths(x[0], y[0], path)
		}
		return []string{path}
	}
	var found []string
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	for name := range names {
		// A value that is unknown until apply is absent from after.
		found = append(found, changedPaths(b[name], a[name], strings.TrimPrefix(path+"."+name, "."))...)
	}
	slices.Sort(found)
	return found
}

// at is the value at a path, walking lists of one.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 300
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// rewriteMain makes the exceptions of apply in every stack below a folder, for
// programs that run the apps themselves.
func rewriteMain(dir string) int {
	lock, err := os.ReadFile(os.Getenv(locking))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	paths, err := filepath.Glob(filepath.Join(dir, "stacks", "*", stackFile))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no stack in %s", dir)
	}
	for _, path := range paths {
		var d document
		if d, err = readDocument(path); err != nil {
			break
		}
		d.leaveOut(atApply)
		if err = d.write(path); err != nil {
			break
		}
		if err = os.WriteFile(filepath.Join(filepath.Dir(path), lockFile), lock, 0o644); err != nil {
			break
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// unusedExceptions are the rows without effect in a run of all tests.
func unusedExceptions() []string {
	used.Lock()
	defer used.Unlock()
	var all []string
	for _, e := range exceptions {
		if !used.rows[e] {
			all = append(all, fmt.Sprintf("%s %s (%s)", e.resource, e.attribute, e.where))
		}
	}
	return all
}
