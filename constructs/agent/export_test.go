package agent

import (
	"crypto/sha256"
	"encoding/hex"
)

var realProgram = program

// UseProgram puts a file in the place of the program that pushes images.
func UseProgram(path string, content []byte) {
	sum := sha256.Sum256(content)
	program = func() (madeProgram, error) { return madeProgram{path, hex.EncodeToString(sum[:])}, nil }
}

// UseRealProgram compiles the program when it is needed.
func UseRealProgram() { program = realProgram }
