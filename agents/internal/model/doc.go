// Package model is how an agent talks to a language model: one interface, Amazon
// Bedrock's Converse API behind it, and a stub that makes up its answers.
//
// The stub is deterministic: the same request gives the same answer. Everything
// it says contains SIMULATED. Errors are failures of package failure.
//
// What must not live here: what is asked, whether an answer is good, and retries.
package model
