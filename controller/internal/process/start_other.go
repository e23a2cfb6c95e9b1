//go:build !linux

package process

import "syscall"

// attributes puts a child in a group of its own, which Stop signals. It outlives
// a killed Runner until its answer is refused.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
