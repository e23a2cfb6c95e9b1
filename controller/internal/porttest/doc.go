// Package porttest holds one suite for each port, which every implementation of
// it passes: what the control plane relies on, and no more.
//
// What must not live here: anything that is true of one implementation only.
package porttest
