// Package simtest is a small world for tests of the control plane: an engine on
// flow.Machine, the ports in memory, the four functions as they are, agents that
// answer at once, a clock that moves when nothing else does, and faults in every call.
//
// Programs die by a panic that the world recovers: what they were about to do is
// not done, and the message that they were handling comes again.
//
// What must not live here: anything of the functions themselves.
package simtest
