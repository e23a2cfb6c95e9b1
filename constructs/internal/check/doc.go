// Package check holds the pure checks of the constructs: what a value may be,
// and how a mistake is worded.
//
// Every check records what is wrong and carries on, so that one run shows all
// mistakes. A value that is a Terraform token, known only at plan or apply, is
// never judged.
//
// The package reads strings and numbers only: no cdktf, no files.
package check
