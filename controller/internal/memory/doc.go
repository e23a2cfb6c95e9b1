// Package memory implements the ports in memory: the queues of local mode, and
// for tests a table, a store of objects, and an engine and a runner that record what
// they were asked.
//
// What must not live here: files, processes, and any rule of the control plane.
package memory
