// Package serve is how an agent shows itself over HTTP: GET /ping says that it
// lives, and the A2A agent card what it can do.
//
// What must not live here: work. Tasks come from the control plane alone.
package serve
