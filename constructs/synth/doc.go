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
// staging folder beside the output, and moves the result in place only when no
// construct reported an error.
//
// What the constructs check is theirs; this package only runs and reports.
package synth
