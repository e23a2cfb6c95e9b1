// Package local is the engine of local mode: a port.Engine on DBOS Transact and
// one SQLite file, which follows the workflows with flow.Machine.
//
// An execution is a DBOS workflow whose steps each record a batch of events, so
// that a replay gives the machine the same events again and ends in the same
// state. Events reach a running execution in memory and are answered once they
// are recorded: why, and what it costs, is in docs/design/0005-local-engine.md.
//
//	situation                                        what happens
//	kill -9 before an event is recorded              its sender got no answer and sends it again
//	kill -9 after, before its commands are done      the next start says Resumed, and they come again
//	a second answer, or one after the end            port.ErrClosed
//	the program's workflow has changed meanwhile     an execution goes on with the one it was started with
//
// What must not live here: agents' processes, records of tasks, and any rule of a
// workflow, all of which are the machine's.
package local
