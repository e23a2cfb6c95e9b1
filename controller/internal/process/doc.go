// Package process runs agents as child processes: the port.Runner of local mode.
//
// A process belongs to the Runner that started it. When the Runner's own process
// is killed, the kernel tells its children to stop on Linux; elsewhere they end
// when their answer is refused. Either way a run of an earlier Runner counts as
// stopped, and its task is started again: of two answers the first counts.
//
// What must not live here: what an agent is told besides its task, which the
// caller gives as environment, and records of tasks.
package process
