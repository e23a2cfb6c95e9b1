//go:build aegis_image_program

// Command program pushes an image. It is compiled by image.Program.
package main

import (
	"os"

	"github.com/aegis-agents/aegis/constructs/internal/image/builder"
)

func main() {
	os.Exit(builder.Main(os.Args[1:]))
}
