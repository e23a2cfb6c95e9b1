package main

import (
	"fmt"
	"slices"
	"strings"
)

// variablePrefix is what this project's variables begin with.
const variablePrefix = "AEGIS_"

// place is where settings are: the prefix of variables, or a path in the context.
type place string

// contextPlace is the path of an environment's settings, or of those for all.
func contextPlace(part string) place { return place(contextKey + "." + part + ".") }

// of is the setting's full name there.
func (p place) of(setting string) string {
	if p == variablePrefix {
		setting = strings.ToUpper(setting)
	}
	return string(p) + setting
}

// origin is where a setting's value is from, and whether it was refused.
type origin struct {
	place   place
	refused bool
}

// origins are those of an environment's settings that somebody set.
type origins map[string]origin

func (o origins) set(setting string) bool { _, found := o[setting]; return found }

// good tells whether the setting was set and not refused.
func (o origins) good(setting string) bool { return o.set(setting) && !o[setting].refused }

// name is the full name of a setting that was set.
func (o origins) name(setting string) string { return o[setting].place.of(setting) }

// beside is the full name of another setting at the same place.
func (o origins) beside(setting, other string) string { return o[setting].place.of(other) }

// otherVariables have the prefix and are read by other parts of the project. With
// the settings and envNames they are all that may be set, so that a misspelt setting
// is an error.
var otherVariables = []string{
	"AEGIS_CACHE_DIR",        // where packages and providers are kept between runs
	"AEGIS_LAZY_PROVIDERS",   // turns the lazy loader of providers off
	"AEGIS_IMAGE_CONTEXT",    // from a build resource to the program that pushes images
	"AEGIS_IMAGE_JOB",        // the same
	"AEGIS_IMAGE_LAYOUT",     // the same
	"AEGIS_IMAGE_REGION",     // the same
	"AEGIS_IMAGE_REPOSITORY", // the same
	"AEGIS_TASK",             // from the dispatcher to an agent's container
	"AEGIS_TASK_REF",         // the same, for a long task
	"AEGIS_CHAOS",            // tests: kills the local runner more often
	"AEGIS_SEED",             // tests: repeats a run of it
	"AEGIS_SOAK",             // tests: runs more workflows
	"AEGIS_DOCKER_TEST",      // tests: uses a real Docker engine
	"AEGIS_LAZYLOAD_COUNT",   // tests of the lazy loader
	"AEGIS_LAZYLOAD_SYNTH",   // the same
	"AEGIS_TEST_FAKE_DOCKER", // tests of the image builder
	"AEGIS_TEST_NO_SUCH",     // the same
	"AEGIS_TEST_SECRET",      // the same
}

// unknownVariables are errors about variables with the prefix that nobody reads,
// whatever they hold.
func unknownVariables(environ []string) []error {
	settings := []string{envNames}
	for _, f := range fields() {
		settings = append(settings, f.variable())
	}
	var errs []error
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(settings, name) && !slices.Contains(otherVariables, name) {
			errs = append(errs, notASetting(name, name, settings))
		}
	}
	return errs
}

// alike is with how many letters in common, from the first, two names are near.
const alike = 3

// notASetting is the error about a name, with the settings that it is nearest to.
func notASetting(source, name string, settings []string) error {
	bare := func(name string) string { return strings.ToLower(strings.TrimPrefix(name, variablePrefix)) }
	var near []string
	most := alike
	for _, s := range settings {
		switch n := commonPrefix(bare(name), bare(s)); {
		case n > most:
			most, near = n, []string{s}
		case n == most:
			near = append(near, s)
		}
	}
	if len(near) == 0 {
		return fmt.Errorf("%s: is not a setting; docs/operator-guide.md has all of them", source)
	}
	return fmt.Errorf("%s: is not a setting; nearest is %s", source, strings.Join(near, " or "))
}

// commonPrefix is how many bytes two texts begin with in common.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
