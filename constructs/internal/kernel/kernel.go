// Package kernel starts and ends the process's one jsii kernel, the Node program
// that runs cdktf.
//
// It knows how jsii treats its environment and its temporary files; what is
// synthesized is not its business.
package kernel

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/aegis-agents/aegis/constructs/internal/lazyload"
)

const (
	// continueOnErrors makes cdktf write the error annotations of all stacks into
	// the manifest instead of stopping at the first stack that has one.
	continueOnErrors = "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS"
	// nodeProgram names the Node that jsii starts. Default: node.
	nodeProgram = "JSII_NODE"
)

var kernel struct {
	sync.Mutex
	started bool
	unblock func() // undoes what Abort did to the environment, nil if nothing
}

// Start starts the kernel, unless one is running that answers, with the lazy
// provider loader in front and with error annotations collected instead of
// thrown.
//
// The notice says why the loader is off although nobody turned it off: all works
// without it, only slower. It is empty otherwise.
func Start() (notice string, err error) {
	kernel.Lock()
	defer kernel.Unlock()
	if kernel.started && Alive() {
		return "", nil
	}
	kernel.started = false
	if kernel.unblock != nil {
		kernel.unblock()
		kernel.unblock = nil
	}
	// jsii copied the environment when the first generated package was
	// initialised. Closing drops that copy, and the next call makes a new one.
	jsii.Close()
	defer setenv(continueOnErrors, "true")()
	restore, err := lazyload.Enable()
	if err != nil {
		notice = "providers are loaded in full, which is slower: " + err.Error()
	}
	defer restore()
	if err := call(); err != nil {
		return notice, fmt.Errorf("must be able to run Node.js 20 or later as %q, got: %w", node(), err)
	}
	kernel.started = true
	return notice, nil
}

func node() string {
	if program := os.Getenv(nodeProgram); program != "" {
		return program
	}
	return "node"
}

// call makes a call to the kernel, which starts it if it is not running. Any
// call will do.
func call() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	constructs.Construct_IsConstruct(jsii.Number(1))
	return nil
}

// Alive reports whether the kernel still answers. One that ended by itself, for
// want of memory or by a signal, does not.
func Alive() bool { return call() == nil }

// Abort ends the kernel while another goroutine is using it. The call that it
// is in and every later one panics, until the next Start. Abort returns when
// Node has ended, hence writes no more files.
func Abort() {
	kernel.Lock()
	defer kernel.Unlock()
	stderr := os.Stderr
	silence()
	if kernel.unblock == nil {
		// Without this, the next call would start a new kernel.
		kernel.unblock = setenv(nodeProgram, os.DevNull)
	}
	jsii.Close()
	kernel.started = false
	time.Sleep(settle)
	os.Stderr = stderr
}

// settle is for the goroutine of jsii's that lost, see silence, to say so.
const settle = 20 * time.Millisecond

// Stop ends the kernel and removes its temporary files. Call it last: the process
// writes nothing to os.Stderr afterwards. The first time that a machine sees a
// provider, the kernel finishes an index of its types here, which takes some
// seconds and spares every later run as many; progress is told so.
func Stop(progress io.Writer) {
	kernel.Lock()
	defer kernel.Unlock()
	slow := time.AfterFunc(time.Second, func() {
		fmt.Fprintln(progress, "indexing the provider's types, once on this machine …")
	})
	defer slow.Stop()
	silence()
	jsii.Close()
	kernel.started = false
}

// silence turns os.Stderr off. jsii waits for Node from two goroutines at once,
// and the one that loses reports an abnormal exit that was none.
func silence() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
}

// setenv sets a variable and returns what puts it back.
func setenv(name, value string) (restore func()) {
	before, had := os.LookupEnv(name)
	os.Setenv(name, value)
	return func() {
		if had {
			os.Setenv(name, before)
			return
		}
		os.Unsetenv(name)
	}
}
