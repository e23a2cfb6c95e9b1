// Package functiontest builds a Lambda function as it is deployed and runs it
// against loopback AWS and a loopback Lambda.
//
// What the functions do must not be known here.
package functiontest
