// Package e2e takes the synthesized stacks through the real Terraform and the
// real AWS provider: validate, plan, apply, plan again, destroy, against an
// emulator of AWS on loopback (moto), and through cdktf's own CLI, OpenTofu and
// a policy scanner (checkov). What was deployed to dev is run: the functions' zips
// and the agents' images, on this machine, by a test that is Lambda and Fargate.
//
//	make e2e                 # skips, with the reason, what the machine lacks
//	make e2e E2E=required    # a lack is a failure
//	make e2e E2E_KEEP=1      # keeps the stacks and their states
//
// A stack or a construct joins by one line in stacks_test.go. What the emulator
// gets wrong is in exceptions_test.go, what the scanner found and we meant that
// way in testdata/checkov.json, each with its reason.
//
// The tests have the build tag e2e, so that make test stays fast. Nothing here
// is for use by other packages, and nothing here ever talks to AWS itself.
package e2e
