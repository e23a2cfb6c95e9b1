package packaging

import (
	"context"
	"fmt"
)

// ProgramOptions says what [WithProgram] builds. Name is not used.
type ProgramOptions struct {
	GoOptions

	// OS is "linux", "darwin" or "windows". Default: "linux".
	OS string
	// Purpose ends the message "must be package main to be …". Default: "a program".
	Purpose string
}

// Program is a compiled program.
type Program struct {
	// Path is where it is. Another build can replace it as soon as the function
	// given to [WithProgram] returns.
	Path string
	// Key is a digest, in hexadecimal, of the program's bytes.
	Key string
	// Size is in bytes.
	Size int64
}

// WithProgram builds a Go program as [FromGo] does and calls use with it.
func WithProgram(ctx context.Context, o ProgramOptions, use func(Program) error) error {
	b, err := newGoBuild(o.GoOptions)
	if err != nil {
		return err
	}
	b.purpose = "a program"
	if o.Purpose != "" {
		b.purpose = o.Purpose
	}
	if o.OS != "" {
		b.os = o.OS
	}
	if magics[b.os] == "" {
		return fmt.Errorf(`OS: must be "linux", "darwin" or "windows", got %q`, o.OS)
	}
	return b.locked(ctx, func(m manifest) error {
		return use(Program{Path: m[0].path, Key: m.key(), Size: m[0].size})
	})
}
