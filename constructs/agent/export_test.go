package agent

import (
	"crypto/sha256"
	"encoding/hex"
)

var realProgram, realStart = program, startProgram

// UseProgram puts a file in the place of the program that pushes images.
func UseProgram(path string, content []byte) {
	sum := sha256.Sum256(content)
	program = func() (madeProgram, error) { return madeProgram{path, hex.EncodeToString(sum[:])}, nil }
	startProgram = func() {}
}

// UseRealProgram compiles the program when it is needed.
func UseRealProgram() { program, startProgram = realProgram, realStart }
