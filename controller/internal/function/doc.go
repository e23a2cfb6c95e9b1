// Package function is what the mains of the Lambda functions share: the log, the
// AWS configuration, the settings that several of them read, and batches of SQS.
//
// What a function does must not live here.
package function
