// Package settings reads a function's environment variables and reports every problem at once.
//
// Defaults and secrets must not live here: what a function needs is given by its stack, or it does not start.
package settings
