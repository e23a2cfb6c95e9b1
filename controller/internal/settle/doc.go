// Package settle brings what was decided to where it has to be: answers and
// decisions to the engine, ends of executions into the records. Each of its
// functions may be called again, by anyone, after a crash at any point.
//
// What must not live here: what the answer is, and when to look for work.
package settle
