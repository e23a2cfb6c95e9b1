// Command callback is the Lambda function that takes what agents say from the
// callback queue: start-up, and nothing else.
//
// It reads STATE_TABLE, the state table's name, and MAC_SECRET, the ARN of the
// secret with the keys of the tasks' MACs; both are required. KEEP_DAYS and
// METRICS_NAMESPACE have defaults. Its event source must report batch item failures.
//
// What becomes of a message must not live here, see package callback.
package main
