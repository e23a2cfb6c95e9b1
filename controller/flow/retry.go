package flow

import (
	"encoding/base32"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

// Retry says how a failed attempt is followed by another. Its zero value: it is not.
//
// Whatever is not in Never is retried: errors of agents, of the queue, and timeouts.
type Retry struct {
	// MaxAttempts is how many attempts may follow the first, from 0 to 99999999.
	MaxAttempts int `json:"max_attempts"`
	// Interval is how long to wait before the first of them, from 1 to 99999999 seconds.
	Interval Seconds `json:"interval_seconds"`
	// BackoffRate is by how much the wait grows with each, at least 1.
	BackoffRate float64 `json:"backoff_rate"`
	// MaxDelay is the longest wait; more than Interval. Default: 0, none.
	MaxDelay Seconds `json:"max_delay_seconds,omitempty"`
	// Never lists errors that another attempt would meet again.
	Never []string `json:"never,omitempty"`
}

// Allows is whether an attempt that failed with that error is followed by another.
// The first attempt is 0.
func (r Retry) Allows(attempt int, failure string) bool {
	return attempt < r.MaxAttempts && !slices.Contains(r.Never, failure)
}

// Delay is how long to wait after an attempt. random is from 0 up to 1: the
// wait is anything up to the computed one, as Step Functions' FULL jitter.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func (r Retry) Delay(attempt int, random float64) time.Duration {
	seconds := float64(r.Interval) * math.Pow(r.BackoffRate, float64(attempt))
	longest := float64(task.MaxSeconds)
	if r.MaxDelay > 0 {
		longest = float64(r.MaxDelay)
	}
	// Also what is beyond all numbers becomes the longest.
	return time.Duration(math.Min(seconds, longest) * random * float64(time.Second)).Truncate(time.Millisecond)
}

// JitterByID is a random number that is always the same for the same task, as a
// workflow that is replayed needs it: some bits of the id, which is a hash.
func JitterByID(id task.ID) float64 {
	const bits = 53 // all that a float64 holds
	sum, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(string(id)))
	if err != nil || len(sum) < 8 {
		return 0
	}
	return float64(binary.BigEndian.Uint64(sum)>>(64-bits)) / (1 << bits)
}
