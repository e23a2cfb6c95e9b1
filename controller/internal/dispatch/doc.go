// Package dispatch carries out what the state machine sends: an order becomes a
// record and then a run, an approval request becomes a record.
//
// A message may come any number of times. The record is put if absent, the runner
// starts a task once by its id, and what has been answered is started no more.
//
// What must not live here: how messages come, and what becomes of a run after its start.
package dispatch
