//go:build !unix

package synth_test

import "testing"

func stopsAtASignal(t *testing.T, _ program) {
	t.Skip("a test cannot send a signal to another process here")
}

func removesWhatAKilledRunLeft(t *testing.T, _ program) {
	t.Skip("the system cannot lock folders")
}
