// Package control is what people and programs ask of the control plane: start,
// get, list, approve, reject and cancel workflows. Service has them as Go
// functions, Actions as requests of package api.
//
//	situation                                             status  code
//	a field is missing, unknown or wrong                  400     invalid_request
//	there is no such workflow, or it asked no approval    404     unknown_workflow, unknown_approval
//	the id belongs to a workflow with another input       409     workflow_exists
//	the approval was decided, by somebody or otherwise    409     already_decided, with the decision
//	the workflow has ended, or waits no more              409     workflow_ended, not_waiting
//	the approval's time is over                           410     approval_expired
//	a service that this needs did not answer              503     unavailable
//
// Every request may be repeated: start with the same id and input, and a decision
// by the same person with the same words, find what they did the first time, and
// finish it when something had come in between.
//
// What must not live here: HTTP, Lambda, and what happens after a decision.
package control
