// Package soak runs thousands of workflows through the control plane of one
// machine with agents that crash, answer twice or whose answers get lost, and
// counts what became of them. docs/soak.md has the figures.
//
// What must not live here: anything that a program of Aegis needs.
package soak
