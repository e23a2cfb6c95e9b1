// Package api turns an invocation of the controller into an action and the action's outcome into an answer.
//
// An invocation comes in one of two ways, told apart by shape: directly, when
// the payload is the request, or through the function URL, when the payload is
// an HTTP event that carries the request in its body. The request and the answer are the same
// JSON in both; over HTTP the answer's status is also the response's status code.
//
// What an action does, and calls to AWS, must not live here.
package api
