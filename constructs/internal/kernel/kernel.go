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

// continueOnErrors makes cdktf write the error annotations of all stacks into
// the manifest instead of stopping at the first stack that has one.
const continueOnErrors = "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS"

var kernel struct {
	sync.Mutex
	started bool
}

// Start starts the kernel, once, with the lazy provider loader in front and with
// error annotations collected instead of thrown.
func Start() {
	kernel.Lock()
	defer kernel.Unlock()
	if kernel.started {
		return
	}
	// jsii copied the environment when the first generated package was
	// initialised. Closing drops that copy, and the next call makes a new one.
	jsii.Close()
	defer setenv(continueOnErrors, "true")()
	if restore, err := lazyload.Enable(); err == nil {
		defer restore() // without it: slower, and otherwise the same
	}
	// The first call starts Node; any will do.
	constructs.Construct_IsConstruct(jsii.Number(1))
	kernel.started = true
}

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
	// jsii waits for Node from two goroutines at once, and the one that loses
	// reports an abnormal exit that was none.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
	kernel.started = false
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
