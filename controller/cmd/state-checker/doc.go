// Command state-checker is the Lambda function that runs every minute and finishes
// what a crash, a lost container or a dead letter has left behind: start-up, and nothing else.
//
// It reads, all required: STATE_TABLE, the state table's name; STATE_MACHINES, a JSON
// object from workflows to ARNs; MAC_SECRET, the ARN of the secret with the keys of the
// tasks' MACs; CLUSTER, an ARN; TASK_DEAD_LETTERS and CALLBACK_DEAD_LETTERS, queue URLs.
// KEEP_DAYS and METRICS_NAMESPACE have defaults. Its event is of no interest.
//
// What it looks for must not live here, see package checker.
package main
