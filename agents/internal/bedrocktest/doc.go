// Package bedrocktest is Bedrock on loopback, for tests: it replays responses of
// the Converse API and keeps the requests.
//
// What must not live here: anything that a program links.
package bedrocktest
