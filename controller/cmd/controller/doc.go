// Command controller is the controller Lambda function: start-up, and nothing else.
//
// It reads, all required: STATE_TABLE, the state table's name; TASK_QUEUE, the task
// queue's URL, which health asks about; STATE_MACHINES, a JSON object from workflows to
// ARNs; CLUSTER, the ARN of the cluster whose tasks cancel stops. KEEP_DAYS and
// METRICS_NAMESPACE have defaults. AWS_REGION and the credentials are Lambda's own.
//
// What an action does must not live here, see the packages under controller/internal.
package main
