// Package programs finds the agents' programs: beside this one, or in its source,
// from which they are built.
//
// What must not live here: how a program is run.
package programs
