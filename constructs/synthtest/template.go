package synthtest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Template is a stack's Terraform JSON.
type Template struct {
	t    testing.TB
	Dir  string // the stack's folder, with its assets
	JSON map[string]any
}

func read(t testing.TB, path string) *Template {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	template := &Template{t: t, Dir: filepath.Dir(path)}
	if err := json.Unmarshal(text, &template.JSON); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return template
}

// Resources returns the resources of a type by name.
func (s *Template) Resources(kind string) map[string]map[string]any {
	all, _ := s.JSON["resource"].(map[string]any)
	ofKind, _ := all[kind].(map[string]any)
	out := make(map[string]map[string]any, len(ofKind))
	for name, body := range ofKind {
		out[name], _ = body.(map[string]any)
	}
	return out
}

// Only returns the one resource of a type.
func (s *Template) Only(kind string) map[string]any {
	s.t.Helper()
	found := s.Resources(kind)
	if len(found) != 1 {
		s.t.Fatalf("%s: got %d, want one: %v", kind, len(found), slices.Sorted(maps.Keys(found)))
	}
	for _, body := range found {
		return body
	}
	return nil
}

// Named returns the one resource of a type whose name contains part.
func (s *Template) Named(kind, part string) map[string]any {
	s.t.Helper()
	found := s.Resources(kind)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if strings.Contains(name, part) {
			return found[name]
		}
	}
	s.t.Fatalf("%s: none is called %q: %v", kind, part, slices.Sorted(maps.Keys(found)))
	return nil
}

// Kinds returns the types of resources with how many there are of each.
func (s *Template) Kinds() map[string]int {
	all, _ := s.JSON["resource"].(map[string]any)
	out := make(map[string]int, len(all))
	for kind := range all {
		out[kind] = len(s.Resources(kind))
	}
	return out
}

// Get walks maps by key and lists by their only element: Get(fn, "environment", "variables").
func Get(v any, path ...string) any {
	for _, key := range path {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}
