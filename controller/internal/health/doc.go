// Package health is the action health: do the state table and the task queue answer this function, now.
//
// Checks that write, or that read what is stored, must not live here.
package health
