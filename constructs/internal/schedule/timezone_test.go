package schedule

import (
	"archive/zip"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite zones.txt from the Go distribution's database")

func TestCheckTimeZone(t *testing.T) {
	t.Parallel()
	const zone = `must be a time zone of the IANA database such as `
	for _, tc := range []struct{ name, zone, want string }{
		{"UTC", "UTC", ""},
		{"of an area", "Etc/UTC", ""},
		{"a city", "Europe/Berlin", ""},
		{"three parts", "America/Argentina/Buenos_Aires", ""},
		{"an offset", "Etc/GMT+12", ""},
		{"an older name", "Europe/Kiev", ""},
		{"its newer name", "Europe/Kyiv", ""},
		{"a former abbreviation", "EST5EDT", ""},
		{"nothing", "", zone + `Europe/Berlin, got ""`},
		{"small letters", "america/new_york", zone + `America/New_York, got "america/new_york"`},
		{"unknown", "Europe/Atlantis", zone + `Europe/Berlin, got "Europe/Atlantis"`},
		{"an area", "Europe", zone + `Europe/Berlin, got "Europe"`},
		{"a common abbreviation", "CEST", zone + `Europe/Berlin, got "CEST"`},
		{"Go's own", "Local", zone + `Europe/Berlin, got "Local"`},
		{"a file of a database", "posixrules", zone + `Europe/Berlin, got "posixrules"`},
		{"a path", "../Europe/Berlin", zone + `Europe/Berlin, got "../Europe/Berlin"`},
		{"a space", "Europe/Berlin ", zone + `Europe/Berlin, got "Europe/Berlin "`},
		{"an offset of Java", "UTC+1", zone + `Europe/Berlin, got "UTC+1"`},
		{"50 characters", strings.Repeat("x", 50), zone + `Europe/Berlin, got "` + strings.Repeat("x", 50) + `"`},
		{"51 characters", strings.Repeat("x", 51), "must have from 1 to 50 characters, got 51"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := CheckTimeZone(tc.zone); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestZonesAreCurrent compares the names with the database of the Go
// distribution. When a new Go fails it, run the test with -update.
func TestZonesAreCurrent(t *testing.T) {
	want := goZones(t)
	if *update {
		if err := os.WriteFile("zones.txt", []byte(strings.Join(want, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	// An older Go knows fewer names.
	var missing []string
	for _, name := range want {
		if !slices.Contains(zones(), name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		t.Errorf("zones.txt has no %v", missing)
	}
	if diff := cmp.Diff(slices.Compact(slices.Sorted(slices.Values(zones()))), zones()); diff != "" {
		t.Errorf("zones.txt is not sorted (-want +got):\n%s", diff)
	}
	for _, name := range zones() {
		if err := CheckTimeZone(name); err != nil {
			t.Error(err)
		}
	}
}

// goZones returns the names of the Go distribution's database. "Factory" marks
// a machine whose zone nobody has set.
func goZones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var names []string
	for _, entry := range file.File {
		if name := entry.Name; !strings.HasSuffix(name, "/") && name != "Factory" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
