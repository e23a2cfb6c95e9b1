package image

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	// For go mod vendor: see the package.
	_ "github.com/aegis-agents/aegis/constructs/internal/image/program"
	"github.com/aegis-agents/aegis/constructs/internal/packaging"
)

const (
	programPackage = "github.com/aegis-agents/aegis/constructs/internal/image/program"
	programTag     = "aegis_image_program"
	programName    = "aegis-image"
)

// Program returns the path of the program that pushes images, compiled for an
// operating system ("linux", "darwin" or "windows") and a processor ("amd64" or
// "arm64"), and the SHA-256 of its bytes in hexadecimal. It is compiled with the
// versions of the module in whose directory this is called, from its vendor
// folder if it has one, and kept in the cache.
func Program(ctx context.Context, goos, goarch string) (path, sum string, err error) {
	kept, err := packaging.Make(ctx, programRecipe(goos, goarch))
	if err != nil {
		return "", "", fmt.Errorf("the program that pushes images cannot be compiled; synth must run inside the Go module that uses it: %w", err)
	}
	return kept.Path, hex.EncodeToString(kept.SHA256[:]), nil
}

// StartProgram begins what Program will be asked for, see [packaging.Start].
func StartProgram(goos, goarch string) { packaging.Start(programRecipe(goos, goarch)) }

func programRecipe(goos, goarch string) packaging.Recipe[packaging.Kept] {
	name := programName
	if goos == "windows" {
		name += ".exe"
	}
	return packaging.Recipe[packaging.Kept]{
		GoOptions: packaging.GoOptions{Package: programPackage, Arch: goarch, Tags: []string{programTag}, Progress: os.Stderr},
		OS:        goos,
		Product:   name,
		Use: func(_ context.Context, p packaging.Program) (packaging.Kept, error) {
			return packaging.Keep(packaging.Programs, p.Key, name, func(w io.Writer) error {
				f, err := os.Open(p.Path)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = io.Copy(w, f)
				return err
			})
		},
	}
}
