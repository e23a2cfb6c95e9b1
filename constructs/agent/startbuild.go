package agent

import (
	"cmp"
	"os"
	"runtime"
	"sync"

	"github.com/aegis-agents/aegis/constructs/internal/image"
)

// StartBuild begins to make the images of packages for a platform, LinuxAMD64 by
// default, and the program that pushes images, and returns at once. It is for speed
// alone: Node takes its time to start, and packages with the same Dir, BuildTags
// and LDFlags are compiled by one go build. What is synthesized is the same without
// it.
//
//	source := agent.GoPackage{Path: "./agents/coordinator"}
//	agent.StartBuild(agent.LinuxARM64, source)
//	synth.Main(func(app cdktf.App) {
//		// … agent.Props{Source: source, Platforms: []agent.Platform{agent.LinuxARM64}}
//	})
//
// Name a package once for each agent that has it as its Source, right before
// synth.Main or synth.Run. An agent for which nothing was started, or whose build
// failed, makes its image itself, and reports what is wrong with it. The end of the
// run ends what no agent asked for; where there is no run, go finishes in a
// temporary folder.
func StartBuild(platform Platform, packages ...GoPackage) {
	var images []image.Go
	for _, g := range packages {
		images = append(images, g.image(cmp.Or(platform, LinuxAMD64)))
	}
	image.StartGo(images...)
	startProgram()
}

// startProgram starts what program waits for.
var startProgram = sync.OnceFunc(func() { image.StartProgram(runtime.GOOS, runtime.GOARCH) })

// image is what the package is made into.
func (g GoPackage) image(platform Platform) image.Go {
	return image.Go{
		Package: g.Path, Dir: g.Dir, BuildTags: g.BuildTags, LDFlags: g.LDFlags,
		Platform: string(platform), Labels: g.Labels, Env: g.Environment, Progress: os.Stderr,
	}
}
