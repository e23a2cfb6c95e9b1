// Package lazyload makes the jsii kernel load a prebuilt CDKTF provider's
// namespaces on first use.
//
// A jsii kernel requires the index of @cdktf/provider-aws, and with it more
// than two thousand modules, although a stack uses a handful: most of the time
// of a synth goes there. [Enable] puts a small hook in front of Node's module
// loader, through NODE_OPTIONS, which gives the index's exports as getters. An
// index that is not written exactly as expected is left to the stock loader, so
// that the synthesized files are the same, byte for byte, with and without it.
//
// The Go runtime of jsii copies the environment into a kernel that it prepares,
// but does not start, when the first generated package is initialised. A caller
// therefore drops that kernel first:
//
//	jsii.Close()                   // the kernel with the old environment
//	restore, err := lazyload.Enable()
//	app := cdktf.NewApp(config)    // the first call starts a new kernel
//	restore()
//
// The kernel also indexes the types of a package that it has just unpacked, on a
// thread that a quick exit would kill. The hook lets it finish: the first run
// with a new version of a provider ends some seconds later, in jsii.Close.
//
// V8's compile cache is deliberately not used: it is keyed by path, and jsii
// links every package into a new temporary directory, so that it never hits and
// grows by some 400 files a run.
//
// Nothing here may import jsii, cdktf or a generated package outside of tests,
// nor fail a synth.
package lazyload
