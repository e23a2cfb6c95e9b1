// Command dispatcher is the Lambda function that carries out the orders on the task
// queue: start-up, and nothing else.
//
// It reads, all required: STATE_TABLE, the state table's name; ARTIFACT_BUCKET, the
// bucket for what does not fit into a request; MAC_SECRET, the ARN of the secret with
// the keys of the tasks' MACs; CLUSTER, an ARN; TASK_DEFINITIONS, a JSON object from
// agents to ARNs; SUBNETS and SECURITY_GROUPS, with commas; ASSIGN_PUBLIC_IP. KEEP_DAYS
// and METRICS_NAMESPACE have defaults. Its event source must report batch item failures.
//
// What becomes of an order must not live here, see package dispatch.
package main
