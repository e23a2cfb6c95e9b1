package awstest

import (
	"strings"
	"sync"
)

// Output collects what a process writes. The goroutine of exec writes it while the
// test's reads it.
type Output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write is io.Writer's.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
