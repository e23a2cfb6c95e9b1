package packaging

import (
	"context"
	"fmt"
)

// Program is a compiled program.
type Program struct {
	// Path is where it is. Another build can replace it as soon as the function
	// that was given it returns.
	Path string
	// Key is a digest, in hexadecimal, of the program's bytes.
	Key string
	// Size is in bytes.
	Size int64
}

// Recipe says what is made of a Go program. Its GoOptions' Name is not used.
type Recipe[T any] struct {
	GoOptions

	// OS is "linux", "darwin" or "windows". Default: "linux".
	OS string
	// Purpose ends the message "must be package main to be …". Default: "a program".
	Purpose string
	// Product names what Use makes, with all that it depends on but the program:
	// recipes with the same options and the same Product make the same. Required.
	Product string
	// Use makes it. After Start that is in a goroutine of its own. Required.
	Use func(ctx context.Context, p Program) (T, error)
}

func (r Recipe[T]) task() (task[T], error) {
	b, err := newGoBuild(r.GoOptions)
	if err != nil {
		return task[T]{}, err
	}
	b.purpose = "a program"
	if r.Purpose != "" {
		b.purpose = r.Purpose
	}
	if r.OS != "" {
		b.os = r.OS
	}
	if magics[b.os] == "" {
		return task[T]{}, fmt.Errorf(`OS: must be "linux", "darwin" or "windows", got %q`, r.OS)
	}
	return task[T]{build: b, product: r.Product, use: func(ctx context.Context, m manifest) (T, error) {
		return r.Use(ctx, Program{Path: m[0].path, Key: m.key(), Size: m[0].size})
	}}, nil
}

// Make builds the program as [FromGo] does and makes what the recipe says, or
// takes what [Start] has made.
func Make[T any](ctx context.Context, r Recipe[T]) (T, error) {
	t, err := r.task()
	if err != nil {
		var none T
		return none, err
	}
	return t.do(ctx)
}

// Start begins what [Make] will be asked for, once for each time that Start was.
// Programs with the same settings are built by one go build, which loads and
// compiles once what they share. An error is left for Make to find.
func Start[T any](recipes ...Recipe[T]) {
	var tasks []task[T]
	for _, r := range recipes {
		if t, err := r.task(); err == nil {
			tasks = append(tasks, t)
		}
	}
	start(tasks)
}
