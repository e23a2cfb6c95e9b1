package awstest

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

const (
	// startTime is how long the emulator may take to start: some seconds, on a busy
	// machine a multiple.
	startTime = 2 * time.Minute
	// stopTime is how long it may take to end before it is killed.
	stopTime = 10 * time.Second
)

// emulatorProgram serves moto, with what is amended of it.
//
//go:embed emulator.py
var emulatorProgram string

// Emulator is moto, the emulator of AWS, in a process of its own.
type Emulator struct {
	// URL is the endpoint of all services.
	URL string

	cmd *exec.Cmd
	log Output
	// stdin keeps it alive: it ends with this process, however that ends.
	stdin io.Closer
}

// StartEmulator starts moto with the Python that it is installed for. environment
// is all that it gets; it must not have what configures AWS clients or a proxy,
// for the emulator is a client of itself.
func StartEmulator(python string, environment []string) (*Emulator, error) {
	e := &Emulator{cmd: exec.CommandContext(context.Background(), python, "-B", "-c", emulatorProgram)}
	e.cmd.Env = append([]string{
		"AWS_DEFAULT_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"NO_PROXY=localhost,127.0.0.1", "no_proxy=localhost,127.0.0.1",
	}, environment...)
	e.cmd.Stderr = &e.log
	stdin, err := e.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	e.stdin = stdin
	stdout, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	timer := time.AfterFunc(startTime, func() { _ = e.cmd.Process.Kill() })
	defer timer.Stop()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		e.Stop()
		return nil, fmt.Errorf("moto: %w\n%s", err, e.Log())
	}
	e.URL = "http://127.0.0.1:" + strings.TrimSpace(port)
	return e, nil
}

// Log returns what the emulator wrote to its log so far.
func (e *Emulator) Log() string { return e.log.String() }

// Stop ends the emulator and waits for that.
func (e *Emulator) Stop() {
	_ = e.stdin.Close()
	timer := time.AfterFunc(stopTime, func() { _ = e.cmd.Process.Kill() })
	defer timer.Stop()
	_ = e.cmd.Wait() // it ends by exit or by kill: both are its end
}
