// Package synthtest synthesizes stacks in tests through the real cdktf and
// looks at the Terraform JSON that comes out.
//
//	func TestMain(m *testing.M) { synthtest.Main(m) }
//
//	func TestOrders(t *testing.T) {
//		stack := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
//			orders.New(stack, "Orders")
//		})
//		stack.Golden("orders") // testdata/orders.tf.json, written by go test -update
//		fn := stack.Only("aws_lambda_function")
//		…
//	}
//
// Golden files leave out what differs from machine to machine or with a tool's
// version: construct metadata, absolute paths, versions and the hashes of
// packages.
//
// Tests that use it must not run in parallel: jsii has one kernel for each
// process and takes no lock. TestMain calls Main, which ends that kernel.
//
// It runs and reads stacks; what they should contain is each test's business.
package synthtest
