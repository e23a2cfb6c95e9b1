// Package controller is the root of the control plane: the Lambda functions
// under cmd, and the packages they are made of under internal. It holds nothing
// but this page and the test of the boundary it describes.
//
// Where things live:
//
//	cmd/controller       the controller function: settings, clients, lambda.Start
//	internal/api         a request becomes an action, a result becomes an answer
//	internal/health      the action health
//	internal/awserr      what an error from AWS means to an operator
//	internal/settings    environment variables, all problems at once
//	internal/awstest     loopback DynamoDB and SQS for tests
//	internal/lambdatest  loopback Lambda runtime for tests
//
// A new action is an api.Action in a package of its own, listed in the function's main.
//
// What must not live here, nor anywhere below: cdktf, jsii, or anything from constructs.
package controller
