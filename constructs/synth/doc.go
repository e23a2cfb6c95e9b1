// Package synth runs a CDK for Terraform app so that one run shows every
// mistake of every stack, and a failing run writes nothing.
//
//	func main() {
//		synth.Main(func(app cdktf.App) {
//			stack := cdktf.NewTerraformStack(app, jsii.String("orders"))
//			…
//		})
//	}
//
// It starts the jsii kernel with the lazy provider loader, which saves most of
// a synth's time (AEGIS_LAZY_PROVIDERS=0 turns it off), synthesizes into a
// staging folder inside the output folder, and moves the result in place only
// when nothing is wrong. Folders of stacks that the app no longer has stay, with
// the state that Terraform may keep in them.
//
// Runs into one output folder at the same time do not mix: they move their
// output in place one after the other, and the manifest is the last one's. When
// that one has other stacks, those of the others stay, as folders that the
// manifest does not name: give each its own CDKTF_OUTDIR to use all of them with
// cdktf. A staging folder that a killed run left goes with the next run.
//
// Everything of cdktf's, tokens and functions too, is made inside the function
// that Main and Run call: what was made earlier, in a package's variable say,
// belongs to another kernel.
//
// What the constructs check is theirs; this package only runs and reports.
package synth
