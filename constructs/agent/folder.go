package agent

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// stackFolder is where Terraform runs: a stack's folder in the output of synth.
// Paths that are needed at apply are written relative to it, so that the output
// is the same in every checkout.
type stackFolder struct {
	outdir string // absolute, links resolved
	dir    string
}

// stagePrefix is what the folder is called that constructs/synth writes to
// before it moves the output in place.
const stagePrefix = ".staging-"

// folderOf finds the folder of the stack that c is in.
func folderOf(c constructs.Construct) stackFolder {
	outdir := *cdktf.App_Of(c).Outdir()
	if strings.HasPrefix(filepath.Base(outdir), stagePrefix) {
		outdir = filepath.Dir(outdir)
	}
	outdir = actual(outdir)
	// https://github.com/hashicorp/terraform-cdk/blob/v0.20.12/packages/cdktf/lib/manifest.ts
	return stackFolder{outdir: outdir, dir: filepath.Join(outdir, "stacks", *cdktf.TerraformStack_Of(c).Node().Id())}
}

// relative is path as Terraform reaches it.
func (f stackFolder) relative(path string) string {
	path = actual(path)
	if rel, err := filepath.Rel(f.dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path // another drive
}

// sent returns a file of the output of synth that is among files, which are
// relative to dir, or "".
func (f stackFolder) sent(dir string, files []string) string {
	rel, err := filepath.Rel(actual(dir), f.outdir)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	inside := filepath.ToSlash(rel) + "/"
	if rel == "." {
		inside = ""
	}
	for _, file := range files {
		if strings.HasPrefix(file, inside) {
			return file
		}
	}
	return ""
}

// actual is path, absolute and with links resolved as far as it exists: ".."
// goes to the parent of what a link leads to.
func actual(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	if _, err := os.Lstat(path); err == nil || filepath.Dir(path) == path {
		return path
	}
	return filepath.Join(actual(filepath.Dir(path)), filepath.Base(path))
}
