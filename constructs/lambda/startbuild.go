package lambda

import (
	"cmp"
	"os"

	"github.com/aegis-agents/aegis/constructs/internal/packaging"
)

// StartBuild begins to compile packages for functions of an architecture, X8664 by
// default, and returns at once. It is for speed alone: Node takes its time to start,
// and packages with the same Dir, BuildTags and LDFlags are compiled by one go
// build. What is synthesized is the same without it.
//
//	code := lambda.GoPackage{Path: "./cmd/orders"}
//	lambda.StartBuild(lambda.ARM64, code)
//	synth.Main(func(app cdktf.App) {
//		// … lambda.Props{Code: code, Architecture: lambda.ARM64}
//	})
//
// Name a package once for each function that has it as its Code, right before
// synth.Main or synth.Run. A function for which nothing was started, or whose build
// failed, compiles its package itself, and reports what is wrong with it. The end
// of the run ends what no function asked for; where there is no run, go finishes in
// a temporary folder.
func StartBuild(architecture Architecture, packages ...GoPackage) {
	var builds []packaging.GoOptions
	for _, c := range packages {
		builds = append(builds, c.options(goArch[cmp.Or(architecture, X8664)]))
	}
	packaging.StartGo(builds...)
}

// options are those of the package's build; its name does not matter to it.
func (c GoPackage) options(arch string) packaging.GoOptions {
	return packaging.GoOptions{
		Dir: c.Dir, Package: c.Path, Arch: arch, Tags: c.BuildTags, LDFlags: c.LDFlags, Progress: os.Stderr,
	}
}
