// Package store holds the records of the control plane, and all writes to them:
// workflows, tasks with their tokens, approvals. Every write is conditional, so
// that what is decided once stays decided, whoever comes second.
//
// It is the only place that forms keys:
//
//	record     pk           sk                        index pk            index sk
//	workflow   W#<id>       W                         W#<status>          <created>#<id>
//	task       W#<workflow> T#<task id>               T#open, T#answered  <time to look>#<task id>
//	task id    T#<task id>  T                         (points to the workflow)
//	approval   W#<workflow> A#<step>                  A#open              <time to look>#<workflow>#<step>
//
// The time to look is when the record was made, or answered; of an approval, when
// it expires, or was decided.
//
// A workflow's partition holds all that belongs to it.
//
// What must not live here: calls to the engine or the runner, and decisions on
// what to do about a record.
package store
