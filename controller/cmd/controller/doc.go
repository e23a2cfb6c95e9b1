// Command controller is the controller Lambda function: start-up, and nothing else.
//
// It reads STATE_TABLE, the state table's name, and TASK_QUEUE, the task
// queue's URL; both are required. AWS_REGION and the credentials are Lambda's own.
//
// What an action does must not live here, see the packages under controller/internal.
package main
