package schedule

import (
	_ "embed" // the zones
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxTimeZone is a limit of EventBridge Scheduler.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
const maxTimeZone = 50

// zoneNames lists the names of the IANA database, sorted. The names are all
// that is needed, and time.LoadLocation would not do: it asks the machine's own
// database first, which may be older, larger, or without regard to case.
//
//go:embed zones.txt
var zoneNames string

var zones = sync.OnceValue(func() []string { return strings.Fields(zoneNames) })

// CheckTimeZone returns what is wrong with the name of a time zone, nil if the
// IANA database has it.
func CheckTimeZone(name string) error {
	if n := utf8.RuneCountInString(name); n > maxTimeZone {
		return fmt.Errorf("must have from 1 to %d characters, got %d", maxTimeZone, n)
	}
	if _, found := slices.BinarySearch(zones(), name); found {
		return nil
	}
	return fmt.Errorf("must be a time zone of the IANA database such as %s, got %q", similar(name), name)
}

// similar returns the name that was probably meant, else one that shows the form.
func similar(name string) string {
	for _, zone := range zones() {
		if strings.EqualFold(zone, name) {
			return zone
		}
	}
	return "Europe/Berlin"
}
