//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
