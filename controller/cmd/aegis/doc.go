// Command aegis runs the control plane on this machine, and asks it.
//
//	aegis demo                      a whole workflow, from the topic to the report
//	aegis serve                     runs what there is, until it is interrupted
//	aegis start, list, get, why, approve, reject, cancel, history
//
// The commands of the last line ask the process that runs; when there is none,
// they open the data directory themselves. docs/local-mode.md has more.
//
// What must not live here: what is asked for, which is package control's, and how
// it runs, which is package node's.
package main
