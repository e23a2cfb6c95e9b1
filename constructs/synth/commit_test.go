package synth

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/internal/treetest"
)

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// tree is a folder's files by slash path.
type tree map[string]string

func (files tree) write(t testing.TB, dir string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readTree leaves out the lock.
func readTree(t testing.TB, dir string) tree { return treetest.Read(t, dir, lockFile) }

// staged makes a stage with what a run of cdktf would have written for stacks.
func staged(t testing.TB, outdir string, files tree, stacks ...string) (*stage, manifest) {
	t.Helper()
	s, err := newStage(outdir)
	if err != nil {
		t.Fatal(err)
	}
	m := manifest{Stacks: map[string]manifestStack{}}
	for _, name := range stacks {
		m.Stacks[name] = manifestStack{Name: name, WorkingDirectory: "stacks/" + name}
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	files.write(t, s.dir)
	tree{manifestFile: string(text)}.write(t, s.dir)
	return s, m
}

func TestCommit(t *testing.T) {
	t.Parallel()
	outdir := filepath.Join(t.TempDir(), "out")
	tree{
		"manifest.json":                                  "old",
		"stacks/orders/cdk.tf.json":                      "old",
		"stacks/orders/cdk.tf":                           "old, of a run that wrote HCL",
		"stacks/orders/metadata.json":                    "old, of a run that wrote HCL",
		"stacks/orders/assets/Code/old/code.zip":         "old",
		"stacks/orders/.terraform/providers/aws":         "a provider",
		"stacks/orders/.terraform.lock.hcl":              "a lock",
		"stacks/orders/plan":                             "a plan",
		"stacks/gone/cdk.tf.json":                        "of a stack that is no more",
		"stacks/bare/assets/Code/old/code.zip":           "of a function that is no more",
		"stacks/bare/.terraform/environment":             "a workspace",
		"stacks/orders/assets/Code/same/code.zip":        "same",
		"stacks/orders/assets/Removed/old/code.zip":      "old",
		"stacks/orders/assets/Renamed/old/with/deep.txt": "old",
	}.write(t, outdir)
	s, m := staged(t, outdir, tree{
		"stacks/orders/cdk.tf.json":               "new",
		"stacks/orders/assets/Code/new/code.zip":  "new",
		"stacks/orders/assets/Code/same/code.zip": "same",
		"stacks/bare/cdk.tf.json":                 "new",
		"stacks/fresh/cdk.tf.json":                "new",
	}, "orders", "bare", "fresh")
	if err := s.commit(m); err != nil {
		t.Fatal(err)
	}
	s.remove()
	got := readTree(t, outdir)
	if !strings.Contains(got[manifestFile], `"fresh"`) {
		t.Errorf("%s: got %q, want the new one", manifestFile, got[manifestFile])
	}
	delete(got, manifestFile)
	equal(t, got, tree{
		"stacks/orders/cdk.tf.json":               "new",
		"stacks/orders/assets/Code/new/code.zip":  "new",
		"stacks/orders/assets/Code/same/code.zip": "same",
		"stacks/orders/.terraform/providers/aws":  "a provider",
		"stacks/orders/.terraform.lock.hcl":       "a lock",
		"stacks/orders/plan":                      "a plan",
		"stacks/gone/cdk.tf.json":                 "of a stack that is no more",
		"stacks/bare/cdk.tf.json":                 "new",
		"stacks/bare/.terraform/environment":      "a workspace",
		"stacks/fresh/cdk.tf.json":                "new",
	})
}

// TestCommitFails makes the last stack's folder impossible.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	outdir := filepath.Join(t.TempDir(), "out")
	before := tree{
		"manifest.json":                          "old",
		"stacks/orders/cdk.tf.json":              "old",
		"stacks/orders/metadata.json":            "old",
		"stacks/orders/assets/Code/old/code.zip": "old",
		"stacks/reports":                         "a file where a folder should be",
	}
	before.write(t, outdir)
	s, m := staged(t, outdir, tree{
		"stacks/new/cdk.tf.json":                 "new",
		"stacks/orders/cdk.tf.json":              "new",
		"stacks/orders/assets/Code/new/code.zip": "new",
		"stacks/reports/cdk.tf.json":             "new",
	}, "new", "orders", "reports")
	err := s.commit(m)
	if err == nil || !strings.Contains(err.Error(), "moving stack reports in place") {
		t.Errorf("got %v, want an error that names the stack", err)
	}
	s.remove()
	equal(t, readTree(t, outdir), before)
	if _, err := os.Stat(filepath.Join(outdir, "stacks", "new")); err == nil {
		t.Error("the folder of the new stack was left behind")
	}
}

func TestCommitsAtOnce(t *testing.T) {
	t.Parallel()
	outdir := filepath.Join(t.TempDir(), "out")
	var wg sync.WaitGroup
	for i := range 20 {
		text := fmt.Sprint(i)
		s, m := staged(t, outdir, tree{
			"stacks/orders/cdk.tf.json":            text,
			"stacks/orders/assets/Code/" + text:    text,
			"stacks/orders/assets/Code/every/same": text,
		}, "orders")
		wg.Go(func() {
			if err := s.commit(m); err != nil {
				t.Error(err)
			}
			os.RemoveAll(s.dir)
		})
	}
	wg.Wait()
	got := readTree(t, outdir)
	last := got["stacks/orders/cdk.tf.json"]
	delete(got, manifestFile)
	equal(t, got, tree{
		"stacks/orders/cdk.tf.json":            last,
		"stacks/orders/assets/Code/" + last:    last,
		"stacks/orders/assets/Code/every/same": last,
	})
}

// TestCommitsOfDifferentApps has runs with other stacks each: the manifest is of
// one of them, and what it names is there.
func TestCommitsOfDifferentApps(t *testing.T) {
	t.Parallel()
	outdir := filepath.Join(t.TempDir(), "out")
	var wg sync.WaitGroup
	for i := range 20 {
		text := fmt.Sprint(i)
		own, shared := "own-"+text, "shared"
		s, m := staged(t, outdir, tree{
			"stacks/" + own + "/cdk.tf.json":    text,
			"stacks/" + shared + "/cdk.tf.json": text,
		}, own, shared)
		wg.Go(func() {
			if err := s.commit(m); err != nil {
				t.Error(err)
			}
			s.delete()
		})
	}
	wg.Wait()
	got := readTree(t, outdir)
	equal(t, len(got), 20+len([]string{"shared", manifestFile}))
	m, err := readManifest(outdir)
	if err != nil {
		t.Fatal(err)
	}
	last := got["stacks/shared/cdk.tf.json"]
	equal(t, m.names(), []string{"own-" + last, "shared"})
	equal(t, got["stacks/own-"+last+"/cdk.tf.json"], last)
}

func TestStageRemovesWhatItMade(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	s, err := newStage(filepath.Join(base, "a", "b", "out"))
	if err != nil {
		t.Fatal(err)
	}
	s.delete()
	if entries, _ := os.ReadDir(base); len(entries) > 0 {
		t.Errorf("got %v left behind, want nothing", entries)
	}

	// A folder that was there before stays, even when it is empty.
	if s, err = newStage(base); err != nil {
		t.Fatal(err)
	}
	s.delete()
	if _, err := os.Stat(base); err != nil {
		t.Error(err)
	}
}
