package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ObjectPrefix is what the keys of objects begin with that bodies refer to,
// before task.Ref.Key. The control plane knows it too.
const ObjectPrefix = "objects/"

// What Objects and Sender say. Any other error may go away when the call is
// made again.
var (
	// ErrNotFound is an object that is not there.
	ErrNotFound = errors.New("not found")
	// ErrTooLarge is an object with more bytes than the caller takes.
	ErrTooLarge = errors.New("too large")
	// ErrDenied is a call that the agent has no permission for.
	ErrDenied = errors.New("not allowed")
	// ErrGone is an answer that nobody waits for any more.
	ErrGone = errors.New("nobody waits for this task any more")
	// ErrRefused is an answer that would be refused again.
	ErrRefused = errors.New("refused for good")
)

// Objects is a store of objects.
type Objects interface {
	// Put stores an object. The later of two with the same key counts.
	Put(ctx context.Context, key, contentType string, data []byte) error
	// Get returns an object of at most limit bytes. ErrNotFound, ErrTooLarge.
	Get(ctx context.Context, key string, limit int) ([]byte, error)
}

// Sender sends messages to the control plane.
type Sender interface {
	// Send sends an encoded message. ErrGone, ErrRefused.
	Send(ctx context.Context, message []byte) error
}

// checkKey refuses a key that would leave the store's folder, or that a folder
// and a bucket would not agree on.
func checkKey(key string) error {
	if key == "." || !fs.ValidPath(key) || strings.ContainsAny(key, "\\\x00:") {
		return fmt.Errorf("key %q: must be a clean relative path", key)
	}
	return nil
}
