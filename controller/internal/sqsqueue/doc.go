// Package sqsqueue is the port.Queue on SQS.
//
// What must not live here: what is in the messages, and the functions' triggers,
// which Lambda polls by itself.
package sqsqueue
