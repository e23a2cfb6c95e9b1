package synth_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// watchMemory follows a process and its descendants until the function that it
// returns is called, which returns their peaks. The kernel keeps the peak of a
// process, so only the last moments before its end are missed.
func watchMemory(pid int) (peak func() memory) {
	stop, result := make(chan struct{}), make(chan memory)
	go func() {
		peaks := map[int]int64{}
		for {
			for p := range maps.Keys(descendants(pid, map[int]bool{})) {
				peaks[p] = max(peaks[p], residentPeak(p))
			}
			select {
			case <-stop:
				m := memory{program: peaks[pid]}
				for p, bytes := range peaks {
					if p != pid {
						m.children += bytes
					}
				}
				result <- m
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() memory { close(stop); return <-result }
}

// descendants adds a process and those that it started, and they in turn.
func descendants(pid int, found map[int]bool) map[int]bool {
	found[pid] = true
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may have ended
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil && !found[child] {
				descendants(child, found)
			}
		}
	}
	return found
}

// residentPeak returns the most memory that a process had, 0 when it has ended.
func residentPeak(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
