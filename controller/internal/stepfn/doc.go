// Package stepfn is the port.Engine on Step Functions.
//
// What must not live here: the state machines' definitions, which are package
// flow's, and what an answer means.
package stepfn
