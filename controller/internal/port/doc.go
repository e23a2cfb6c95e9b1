// Package port holds what the control plane asks of the world: a table, queues,
// an engine, a runner of containers, a store of objects, a clock. Each has an
// implementation on AWS and one on a single machine, and package porttest holds
// the one suite that runs against all of them.
//
//	port      on AWS                     on one machine
//	Table     DynamoDB (dynamo)          SQLite (sqlite), memory (memory)
//	Queue     SQS (sqsqueue)             in process (memory)
//	Engine    Step Functions (stepfn)    DBOS on SQLite (local)
//	Runner    ECS RunTask (ecsrun)       child process (process)
//	Blob      S3 (s3blob)                folder (folder)
//	Clock     the system's               the test's
//
// All implementations may be used from several goroutines. Errors wrap one of
// this package's when the caller has to decide by them; any other error may go
// away when the call is made again.
//
// What must not live here: implementations, and decisions of the control plane.
package port
