// Package flow holds the workflows as data, their checks, their rendering to Amazon States Language, and the machine that follows them elsewhere.
//
// A Workflow is a list of steps: tasks of agents, maps over a list, choices, approvals, waits and ends. Adding a workflow is
// adding a value to Workflows. Step Functions gets it by Render, the local runner follows
// it with a Machine; a test runs both on the same answers and compares. The
// definitions as rendered are in testdata, *.asl.json, for asl-validator too.
//
// # Data
//
// A workflow has one document: its input, and the result of every step so far,
// a task.Body each. Steps name what they read with a Ref: "input.topic",
// "plan" (that step's whole result), "plan.questions" (a field of it), "item" in a
// map. A result that is read by field must be inline: see task.Spec.InlineOnly.
//
// # No cycles
//
// A step runs at most once in a workflow: its name is part of its tasks' ids,
// so that a second visit would find the first one's results. What has to be done
// again is retried by the step itself.
//
// # What the machine is told
//
//	situation                                            what Step returns
//	a state of another workflow, or of another version   ErrOtherWorkflow
//	an event that no engine can send                     ErrInvalidEvent
//	a second answer, or one to an attempt that is over   the state as it was, and Drop with Closed
//	a second decision, or one after expiry               the state as it was, and Drop with Decided
//	anything after the end                               the state as it was, and Drop with Finished
//
// What must not live here: I/O, clocks, randomness, AWS clients, cdktf.
package flow
