// Package lambdatest plays the Lambda service to a function's binary: the
// runtime API on loopback, one invocation after another.
//
// What the functions do must not be known here.
package lambdatest
