package lazyload

import (
	"fmt"
	"os"
	"strings"
)

// EnvDisable is the environment variable that turns the loader off: "0",
// "false" or "off" do, "1", "true", "on" or no value leave it on, in any case.
// With another value [Enable] does nothing and says so.
const EnvDisable = "AEGIS_LAZY_PROVIDERS"

const envNodeOptions = "NODE_OPTIONS"

// jsiiNodeOptions is what jsii gives its kernel, but only where NODE_OPTIONS is
// unset. Setting the variable would lose it.
// https://github.com/aws/jsii/blob/main/packages/%40jsii/go-runtime/jsii-runtime-go/internal/kernel/process/process.go
const jsiiNodeOptions = "--max-old-space-size=4069"

// Enable sets NODE_OPTIONS so that a Node process started from now on loads
// providers lazily. Options that are already there are kept and come first.
//
// The restore function puts NODE_OPTIONS back as it was; it is never nil. An
// error says why the loader is not enabled: everything works without it, only
// slower, so a caller may report the error but has no reason to fail.
//
// Enable changes the environment of the process: it must not run at the same
// time as code that reads it.
func Enable() (restore func(), err error) {
	nothing := func() {}

	on, err := wanted(os.Getenv(EnvDisable))
	if err != nil || !on {
		return nothing, err
	}
	before, set := os.LookupEnv(envNodeOptions)
	options, err := splitOptions(before)
	if err != nil {
		// Node refuses to start with it, and says so best itself.
		return nothing, fmt.Errorf("%s: %w", envNodeOptions, err)
	}
	if requiresHook(options) {
		return nothing, nil
	}
	path, remove, err := writeHook()
	if err != nil {
		return nothing, err
	}

	after := before
	if !set {
		after = jsiiNodeOptions
	}
	after = strings.TrimLeft(after+" --require "+quoteOption(path), " ")
	if err := os.Setenv(envNodeOptions, after); err != nil {
		remove()
		return nothing, fmt.Errorf("set %s: %w", envNodeOptions, err)
	}
	return func() {
		// Neither call can fail: the name was just accepted above, and the old
		// value came from the environment.
		if set {
			_ = os.Setenv(envNodeOptions, before)
		} else {
			_ = os.Unsetenv(envNodeOptions)
		}
		remove()
	}, nil
}

// wanted tells whether a value of EnvDisable asks for the loader.
func wanted(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "", "1", "true", "on":
		return true, nil
	case "0", "false", "off":
		return false, nil
	default:
		return false, fmt.Errorf("%s: must be 1, true, on, 0, false or off, got %q", EnvDisable, value)
	}
}
