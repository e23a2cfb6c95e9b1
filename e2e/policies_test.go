//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// accepted is a row of testdata/checkov.json: a finding that is meant to be so.
type accepted struct {
	Check    string `json:"check"`
	Severity string `json:"severity"`
	// Where are globs of STACK/ADDRESS.
	Where  []string `json:"where"`
	Reason string   `json:"reason"`
}

// severities are in the order they are printed. checkov has none without its
// vendor's service: they are ours, rated in testdata/checkov.json.
var severities = []string{"high", "medium", "low", "unrated"}

type finding struct {
	Check    string `json:"check_id"`
	Name     string `json:"check_name"`
	Resource string `json:"resource"`
	File     string `json:"file_path"`
	severity string
}

// scan has checkov look at all plans. What it finds is mended in the construct
// or the stack, or accepted in testdata/checkov.json with the reason.
func scan(t *testing.T) {
	row := summary.start(t)
	checkov := python(t, "checkov")
	if found, _ := filepath.Glob(filepath.Join(plans(), "*.json")); len(found) == 0 {
		t.Skip("there is no plan to scan")
	}
	var rows []accepted
	text, err := os.ReadFile(filepath.Join("testdata", "checkov.json"))
	must(t, err)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	must(t, dec.Decode(&rows))

	done := row.step(planned)
	findings, passed := runCheckov(t, checkov)
	used := make([]bool, len(rows))
	count := map[string]int{}
	for i := range findings {
		f := &findings[i]
		f.severity = "unrated"
		where := strings.TrimSuffix(path.Base(f.File), ".json") + "/" + f.Resource
		covered := false
		for j, r := range rows {
			if r.Check == f.Check && slices.ContainsFunc(r.Where, func(glob string) bool { ok, _ := path.Match(glob, where); return ok }) {
				used[j], covered, f.severity = true, true, r.Severity
				break
			}
		}
		count[f.severity]++
		if !covered {
			t.Errorf("%s: %s: %s: mend it, or accept it in testdata/checkov.json with the reason", where, f.Check, f.Name)
		}
	}
	for j, r := range rows {
		if r.Reason == "" || !slices.Contains(severities, r.Severity) {
			t.Errorf("testdata/checkov.json: %s needs a reason and a severity", r.Check)
		}
		if !used[j] && complete() {
			t.Errorf("testdata/checkov.json: %s in %v is not found any more: remove it", r.Check, r.Where)
		}
	}
	var parts []string
	for _, s := range severities {
		parts = append(parts, fmt.Sprintf("%d %s", count[s], s))
	}
	summary.note("checkov: %d checks passed, %d findings, by severity: %s", passed, len(findings), strings.Join(parts, ", "))
	done(fmt.Sprintf("%d findings", len(findings)))
}

func runCheckov(t *testing.T, checkov string) (findings []finding, passed int) {
	t.Helper()
	cmd := exec.CommandContext(limited(t), checkov, "--directory", plans(), "--framework", "terraform_plan",
		"--output", "json", "--compact", "--quiet", "--skip-download")
	cmd.Env = cleanEnvironment()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	// It ends with 1 for findings.
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("checkov: %v\n%s", err, stderr.String())
	}
	var report struct {
		Results struct {
			Failed []finding `json:"failed_checks"`
		} `json:"results"`
		Summary struct {
			Passed        int `json:"passed"`
			ParsingErrors int `json:"parsing_errors"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("checkov: %v\n%s%s", err, out, stderr.String())
	}
	if report.Summary.ParsingErrors > 0 || report.Summary.Passed == 0 {
		t.Fatalf("checkov read %d plans wrongly and passed %d checks\n%s", report.Summary.ParsingErrors, report.Summary.Passed, stderr.String())
	}
	for _, f := range report.Results.Failed {
		name := strings.TrimSuffix(path.Base(f.File), ".json")
		i := slices.IndexFunc(stacks, func(s stack) bool { return s.name == name })
		// Only names of resources in a construct are joined of several.
		if i >= 0 && stacks[i].surrounded && !strings.Contains(strings.SplitN(f.Resource, ".", 2)[1], "_") {
			continue
		}
		findings = append(findings, f)
	}
	return findings, report.Summary.Passed
}
