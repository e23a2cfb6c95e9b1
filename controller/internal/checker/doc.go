// Package checker is the net below the other functions: every minute it looks for
// what a crash, a lost container or a dead letter has left behind, and finishes it.
//
//	it looks at                     and
//	answered tasks                  brings the answer to the engine
//	open tasks past their deadline  stops the run; the engine gave the attempt up
//	open tasks without heartbeats   likewise
//	open tasks, the run stopped     answers Agent.Stopped, unless it was heard of just now
//	open tasks, never started       answers Agent.Stopped, after some minutes
//	records of running workflows    asks the engine, records the end, stops the runs
//	those that were never started   starts them, as it was asked for
//	open approvals                  brings decisions to the engine, records expiries
//	dead letters of orders          answers Agent.DeadLetter; an approval request is recorded
//	dead letters of agents          handles them once more
//
// A pass looks at a bounded number of each and the next goes on from there. One
// problem is logged and counted and does not keep it from the rest.
//
// What must not live here: what the engine and the callbacks decide.
package checker
