// Package controller is the root of the control plane: the Lambda functions
// under cmd, and the packages they are made of under internal. It holds nothing
// but this page and the test of the boundary it describes.
//
// Where things live:
//
//	cmd/controller         start, get, list, approve, reject, cancel, health: on request
//	cmd/dispatcher         what the state machine sends: orders and approval requests
//	cmd/callback           what the agents send: heartbeats, results and failures
//	cmd/state-checker      every minute: what the others could not finish
//	flow, task             the workflows as data; the protocol
//	internal/control       the actions on workflows
//	internal/dispatch      an order becomes a record, and then a run
//	internal/callback      a message of an agent becomes the answer of a task
//	internal/checker       the net below
//	internal/settle        answers, decisions and ends get to where they have to be
//	internal/store         the records, on any table
//	internal/port          what all these ask of the world; its table lists who implements it
//	internal/keyring       the keys of the tasks' MACs
//	internal/api           a request becomes an action, a result becomes an answer
//	internal/health        the action health
//	internal/function      what the mains share
//	internal/settings      environment variables, all problems at once
//	internal/metrics       what is counted
//	internal/awserr        what an error from AWS means to an operator
//	internal/simtest       all of it in a small world, with faults, for tests
//	internal/functiontest  the binaries as they are deployed, for tests
//	internal/awstest       loopback AWS for tests
//	internal/lambdatest    loopback Lambda runtime for tests
//
// A new action is an api.Action, listed in the function's main.
//
// What must not live here, nor anywhere below: cdktf, jsii, or anything from constructs.
package controller
