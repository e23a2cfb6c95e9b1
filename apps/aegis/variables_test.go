package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// environ is an environment as the operating system gives it.
func environ(variables map[string]string) []string {
	var entries []string
	for _, name := range sorted(variables) {
		entries = append(entries, name+"="+variables[name])
	}
	return entries
}

// The names are put together, so that TestVariablesAreListed does not find them.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	const guide = "docs/operator-guide.md has all of them"
	for name, tc := range map[string]struct{ variable, near string }{
		"letters swapped":       {"REGOIN", "nearest is AEGIS_REGION"},
		"of two settings":       {"STATE", "nearest is AEGIS_STATE_BUCKET or AEGIS_STATE_REGION"},
		"too long":              {"SUBNET_IDS", "nearest is AEGIS_SUBNETS"},
		"lower case":            {"region", "nearest is AEGIS_REGION"},
		"of the environments":   {"ENVIRONMENT", "nearest is AEGIS_ENV"},
		"three letters alike":   {"VPC", "nearest is AEGIS_VPC_CIDR"},
		"two letters alike":     {"RETENTION", guide},
		"no letter alike":       {"XYZ", guide},
		"the prefix alone":      {"", guide},
		"of an image, misspelt": {"IMAGE_JOBS", guide},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []string{"", "x"} {
				// One environment or three: told once.
				for _, names := range []string{dev, "dev,staging,production"} {
					_, err := fromEnvironment([]string{envNames + "=" + names, variablePrefix + tc.variable + "=" + value}, nil)
					want := variablePrefix + tc.variable + ": is not a setting; " + tc.near
					if diff := cmp.Diff(want, errorText(err)); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			}
		})
	}
}

// TestKnownVariables: what others read is none of the stack's business, nor is what
// has another prefix.
func TestKnownVariables(t *testing.T) {
	t.Parallel()
	entries := []string{"AEGISTASK=x", "XAEGIS_" + "=x", "PATH=/bin", "=C:=C:\\"}
	for _, name := range otherVariables {
		entries = append(entries, name+"=x")
	}
	if _, err := fromEnvironment(entries, nil); err != nil {
		t.Error(err)
	}
}

var sourceFile = regexp.MustCompile(`(\.(go|py|sh|cjs|js|yml)|/Makefile|/Dockerfile|/\.ci/run)$`)

// TestVariablesAreListed: every variable with the prefix in the repository's sources
// is a setting or on the list, and what is on the list is there for somebody.
func TestVariablesAreListed(t *testing.T) {
	t.Parallel()
	known := []string{envNames}
	for _, f := range fields() {
		known = append(known, f.variable())
	}
	variable := regexp.MustCompile(`\b` + variablePrefix + `[A-Z0-9_]*[A-Z0-9]\b`)
	used := map[string]bool{}
	skipped := []string{"node_modules", "cdktf.out", "dist"}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if slices.Contains(skipped, name) || strings.HasPrefix(name, ".") && name != ".ci" && name != ".." {
				return fs.SkipDir
			}
			return nil
		}
		path = filepath.ToSlash(path)
		if !sourceFile.MatchString(path) || strings.HasSuffix(path, "/apps/aegis/variables.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range slices.Compact(slices.Sorted(slices.Values(variable.FindAllString(string(source), -1)))) {
			used[found] = true
			if !slices.Contains(known, found) && !slices.Contains(otherVariables, found) {
				t.Errorf("%s: %s is neither a setting nor on the list of otherVariables", path, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range otherVariables {
		if !used[name] {
			t.Errorf("%s is on the list and in no source", name)
		}
		if slices.Contains(otherVariables[:i], name) || slices.Contains(known, name) {
			t.Errorf("%s is on the list and known otherwise", name)
		}
	}
}
