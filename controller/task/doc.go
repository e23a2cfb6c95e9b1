// Package task is the protocol between the state machine, the control plane and the agents: versioned JSON messages and what they are made of.
//
// It is the leaf package of the controller and of the agents and imports the
// standard library alone.
//
// # Messages
//
//	kind               from → to                      type
//	order              state machine → dispatcher     Order, with the task token
//	approval_request   state machine → dispatcher     ApprovalRequest, with the task token
//	task               dispatcher → agent             Task, without it
//	heartbeat          agent → callback               Heartbeat
//	result             agent → callback               Result
//	failure            agent → callback               Failure
//	approval_decision  controller → state machine     Decision
//
// An agent never holds a task token: it proves with a MAC over its task's ID
// that it was given the task, and the control plane looks the token up.
//
// # Decoding
//
// Decoding is strict, in this order: size, UTF-8, JSON with nothing after it
// and no key twice at any depth, version, kind, fields. Field names match by
// letter case. Whatever was decoded encodes, and decodes to the same value again.
//
// # Bodies
//
// What agents work on and answer is a Body: JSON in the message up to 8 KiB, or a Ref
// to an object whose key is its SHA-256, or a list of these.
//
// # Errors
//
// All errors are *Error or wrap one, and match by code with errors.Is.
//
//	situation                                            error
//	a message or a body is larger than its limit         ErrTooLarge
//	not JSON, a key twice, data after the message        ErrMalformed
//	the version is not one of this program's             ErrUnknownVersion
//	the kind is not the expected one, or is no kind      ErrUnknownKind
//	a field is unknown, missing or of the wrong type     ErrInvalidField
//	a field's value breaks its rule                      ErrInvalidField
//	a task's id is not that of its four parts            ErrInvalidField
//	an object is not what its reference says             ErrBodyMismatch
//	a MAC was made with a key that is not in the ring    ErrUnknownKey
//	a MAC is forged, or is that of another task          ErrForged
//	a MAC is genuine and its time is over                ErrExpired
//	a key ring without a usable current key              ErrInvalidKey
//
// What must not live here: I/O, clocks, AWS, and what a workflow does next.
package task
