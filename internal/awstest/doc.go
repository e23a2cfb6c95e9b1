// Package awstest is AWS for tests, on loopback, so that they run the real SDK
// clients down to the wire: a Server that answers what a test told it to, and
// an Emulator that behaves like the services.
//
// Behaviour must not live here: the Server stores nothing, and the emulator is
// taken as it is but for what emulator.py says.
package awstest
