// Package datadir is the folder in which one machine keeps its workflows.
//
//	file           what it is
//	lock           held by the process that uses the folder, and its id
//	engine.db      the executions (DBOS)
//	records.db     the records of workflows, tasks and approvals
//	keys.json      the keys of the tasks' MACs
//	runner.json    where the process listens, and the token of its API
//	files/         what agents store: objects/, artifacts/, checkpoints/
//	logs/          of the process, and of every agent's run
//
// The folder and the files with secrets are for their owner alone.
//
// What must not live here: what is in the databases.
package datadir
