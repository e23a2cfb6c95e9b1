// Package report puts the mistakes that a construct found in its props where
// both the user and cdktf see them.
//
// Each becomes an error annotation of the construct, which stops cdktf's own
// synth. It is also kept on a list, because cdktf shows the annotations of the
// first failing stack only and hides them behind any exception.
//
// It knows no construct and judges nothing.
package report

import (
	"sync"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// Entry is one reported mistake.
type Entry struct {
	Path    string // construct path
	Message string // "Field: must …, got …"
}

var (
	mu      sync.Mutex
	entries []Entry
)

// Errors reports each message as a mistake of c.
func Errors(c constructs.Construct, messages ...string) {
	if len(messages) == 0 {
		return
	}
	path := *c.Node().Path()
	annotations := cdktf.Annotations_Of(c)
	for _, m := range messages {
		annotations.AddError(jsii.String(m))
		mu.Lock()
		entries = append(entries, Entry{Path: path, Message: m})
		mu.Unlock()
	}
}

// Warnings shows each message with the construct's path and lets synth go on.
func Warnings(c constructs.Construct, messages ...string) {
	for _, m := range messages {
		cdktf.Annotations_Of(c).AddWarning(jsii.String(m))
	}
}

// Take returns the mistakes reported since the last call, in order.
func Take() []Entry {
	mu.Lock()
	defer mu.Unlock()
	taken := entries
	entries = nil
	return taken
}
