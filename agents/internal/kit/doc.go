// Package kit is what all agents share: it takes a task through its life. Load
// the task, send heartbeats, talk with the model, store the result, answer.
//
// An agent is a value of type Agent: prompt, schema and tools. Main does the rest.
//
//	what happens                             what the workflow gets
//	the answer fits                          the result
//	SIGTERM                                  Agent.Stopped, and a checkpoint for the next attempt
//	tokens or time are used up               Agent.BudgetExceeded
//	the answers do not fit, repairs included Agent.InvalidOutput
//	a panic                                  Agent.Internal
//	the callback says that nobody waits      nothing: the agent stops
//
// What must not live here: what one agent knows, and how a service is called.
package kit
