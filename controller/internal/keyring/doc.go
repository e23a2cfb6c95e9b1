// Package keyring is where the functions get the keys of the tasks' MACs from: a
// secret, or a ring that is given.
//
// What must not live here: MACs themselves (package task), and any other secret.
package keyring
