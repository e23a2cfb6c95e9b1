// Package synthtest synthesizes stacks in tests through the real cdktf and
// looks at the Terraform JSON that comes out.
//
// Tests that use it are serial within a package, since jsii has one kernel for
// each process and takes no lock, and call Main from TestMain.
//
// It is for the tests of this module only.
package synthtest
