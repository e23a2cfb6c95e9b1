// Package failure holds the error that ends a task: a name that the workflow
// decides by, and a sentence for people.
//
// What must not live here: sending failures, and deciding about retries.
package failure
