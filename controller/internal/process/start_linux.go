package process

import "syscall"

// attributes puts a child in a group of its own, which Stop signals, and has the
// kernel tell it to stop when the thread that started it is gone.
// https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
