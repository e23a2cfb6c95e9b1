// Package metrics writes what the functions count as lines of CloudWatch's embedded metric format.
//
// Lambda sends a function's output to CloudWatch Logs, which makes metrics of
// such lines: no call, no permission and no waiting.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//
//	metric          unit     dimensions        what it says
//	TasksStarted    Count    none; Agent       a run was started
//	TasksFinished   Count    none; Agent       the first answer was a result
//	TasksFailed     Count    none; Agent       the first answer was a failure; the line has the error too
//	TaskAge         Seconds  none; Agent       from the order to that answer
//	InputTokens     Count    none; Agent       what that answer says it used of the model
//	OutputTokens    Count    none; Agent       likewise
//	AnswersDropped  Count    none; Agent       an answer that nobody waited for any more
//	AnswersRefused  Count    none; Reason      a message without a MAC that is accepted, or that cannot be read
//	DeadLetters     Count    none; Queue       messages that were found in a queue of dead letters
//	OldestTask      Seconds  none              the age of the oldest open task, every time the checker looks
//	CheckProblems   Count    none              what the checker could not do
//
// What must not live here: decisions, and ids of workflows, which would make a
// metric of each.
package metrics
