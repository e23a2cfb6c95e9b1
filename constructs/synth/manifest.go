package synth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aegis-agents/aegis/constructs/internal/report"
)

const (
	manifestFile = "manifest.json"
	levelError   = "@cdktf/error"
	levelWarning = "@cdktf/warn"
)

// manifest is what cdktf writes beside the stacks.
type manifest struct {
	Stacks map[string]manifestStack `json:"stacks"`
}

type manifestStack struct {
	Name                 string       `json:"name"`
	WorkingDirectory     string       `json:"workingDirectory"`
	SynthesizedStackPath string       `json:"synthesizedStackPath"`
	Annotations          []annotation `json:"annotations"`
}

type annotation struct {
	ConstructPath string `json:"constructPath"`
	Level         string `json:"level"`
	Message       string `json:"message"`
}

// readManifest reads the manifest of dir.
func readManifest(dir string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("cdktf wrote no %s: %w", manifestFile, err)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("reading cdktf's %s: %w", manifestFile, err)
	}
	return m, nil
}

func (m manifest) names() []string { return slices.Sorted(maps.Keys(m.Stacks)) }

// problems returns the annotations of one level, stack by stack.
func (m manifest) problems(level string) []Problem {
	var list []Problem
	for _, name := range m.names() {
		for _, a := range m.Stacks[name].Annotations {
			if a.Level == level {
				list = append(list, Problem{Path: a.ConstructPath, Message: a.Message})
			}
		}
	}
	return list
}

// problemsOf joins what our constructs reported with what cdktf knows, each
// mistake once, those of a construct together. The reported ones come first:
// they are in the order of the program.
func problemsOf(reported []report.Entry, known []Problem) []Problem {
	all := make([]Problem, 0, len(reported)+len(known))
	for _, e := range reported {
		all = append(all, Problem{Path: e.Path, Message: e.Message})
	}
	all = append(all, known...)

	var paths []string
	byPath := map[string][]Problem{}
	seen := map[Problem]bool{}
	for _, p := range all {
		if seen[p] {
			continue
		}
		seen[p] = true
		if byPath[p.Path] == nil {
			paths = append(paths, p.Path)
		}
		byPath[p.Path] = append(byPath[p.Path], p)
	}
	var joined []Problem
	for _, path := range paths {
		joined = append(joined, byPath[path]...)
	}
	return joined
}

func (m manifest) result(outdir string) *Result {
	r := &Result{Outdir: outdir, Warnings: m.problems(levelWarning)}
	for _, name := range m.names() {
		r.Stacks = append(r.Stacks, StackResult{
			Name: name,
			Path: filepath.Join(outdir, filepath.FromSlash(m.Stacks[name].SynthesizedStackPath)),
		})
	}
	return r
}
