// Package callback takes what agents say: heartbeats, results and failures.
//
//	message                                              outcome
//	a heartbeat of a task that is waited for             taken
//	the first answer, and the same one again             taken
//	another answer, an answer or a heartbeat too late    gone, counted as dropped
//	a MAC that is forged, expired, or of an unknown key  forbidden, counted as refused
//	what is no such message                              invalid, counted as refused
//
// Nothing is written or read for what is forbidden or invalid.
//
// What must not live here: how messages come (SQS, HTTP).
package callback
