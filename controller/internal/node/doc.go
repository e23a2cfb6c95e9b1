// Package node is the control plane on one machine: the engine, the functions
// that are Lambda functions on AWS, the queue between them, and what agents post
// their answers to.
//
// The same code decides as on AWS. What is this package's own is how messages
// come: orders from a queue in process, answers by HTTP on loopback, the checker
// by a ticker. What the queue held when the process died comes again from the
// engine; see docs/local-mode.md.
//
// What must not live here: decisions of the functions, how agents are run, and
// commands for people.
package node
