// Package transport is how an agent reaches the world outside the model: objects
// in a bucket or a folder, and answers to a queue or to a callback on loopback.
//
// Objects have the same keys in a bucket and in a folder. Both implementations
// pass the one test of this package.
//
// What must not live here: what is stored, and what is answered.
package transport
