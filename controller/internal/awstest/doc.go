// Package awstest answers like DynamoDB and SQS on loopback, so that tests run
// the real SDK clients down to the wire.
//
// Behaviour must not live here: a Server says what a test told it to, and stores nothing.
package awstest
