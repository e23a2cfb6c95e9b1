// Package settle brings what was decided to where it has to be: answers and
// decisions to the engine, ends of executions into the records. Each of its
// functions may be called again, by anyone, after a crash at any point.
//
// An answer that the engine refuses to take as it waits no more is dropped when that
// was the first delivery. At a later one it cannot be told from an answer that was
// taken, whose program died before it closed the record: it counts as taken, unless
// it came after the task's deadline.
//
// What must not live here: what the answer is, and when to look for work.
package settle
