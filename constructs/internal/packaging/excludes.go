package packaging

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
)

// ignoreName is a file in the root of a source directory with more excludes. It
// is never packaged itself.
const ignoreName = ".lambdaignore"

// DefaultExcludes returns the patterns which apply when none are given: what
// tools leave behind and no function needs at run time.
func DefaultExcludes() []string {
	return []string{
		".git",
		".terraform",
		"cdktf.out",
		"__pycache__",
		"*.pyc",
		"node_modules",
		".env",
		"tests",
		".pytest_cache",
		".DS_Store",
	}
}

// ValidateExcludes returns an error that names each pattern that cannot be used.
func ValidateExcludes(patterns []string) error {
	var errs []error
	for _, p := range patterns {
		if _, err := parseRule(p); err != nil {
			errs = append(errs, fmt.Errorf("pattern %q: %w", p, err))
		}
	}
	return errors.Join(errs...)
}

// rule is one pattern. Each has a matcher of its own: a matcher with several
// patterns skips some of them while it goes down a tree, after which the last
// match no longer always wins.
type rule struct {
	matcher *patternmatcher.PatternMatcher
	// include is true for a "!" pattern.
	include bool
	// anyDepth is true for a pattern without a slash: it is compared with the
	// base name.
	anyDepth bool
	// segments are the parts of a pattern relative to the root.
	segments []string
}

// parseRule reads one pattern. A leading slash anchors it in the root; a slash
// at the end is dropped and does not anchor it.
func parseRule(pattern string) (rule, error) {
	var r rule
	p := strings.TrimSpace(pattern)
	if rest, ok := strings.CutPrefix(p, "!"); ok {
		r.include, p = true, strings.TrimSpace(rest)
	}
	// The matcher scans the pattern rune by rune and prints to stderr when it
	// finds one of these.
	if !utf8.ValidString(p) || strings.ContainsRune(p, 0) {
		return r, errors.New("must be valid UTF-8 without NUL")
	}
	if p = strings.TrimRight(p, "/"); p == "" {
		return r, errors.New("names nothing")
	}
	r.anyDepth = !strings.Contains(p, "/")
	switch p = path.Clean(strings.TrimLeft(p, "/")); {
	case p == ".":
		return r, errors.New("names the directory itself")
	case p == "..", strings.HasPrefix(p, "../"):
		return r, errors.New("leads out of the directory")
	}
	r.segments = strings.Split(p, "/")
	if p[0] == '!' {
		// A second "!" is part of the name, not one more negation.
		p = `\` + p
	}
	var err error
	if r.matcher, err = patternmatcher.New([]string{p}); err != nil {
		return r, err
	}
	// Some mistakes only show when the pattern is used.
	_, err = r.matcher.MatchesOrParentMatches("x")
	return r, err
}

// match reports whether the pattern matches name itself or, for a pattern
// relative to the root, a directory above it.
func (r *rule) match(name string) bool {
	if r.anyDepth {
		name = path.Base(name)
	}
	// parseRule has tried the pattern, so there is no error here.
	ok, _ := r.matcher.MatchesOrParentMatches(name)
	return ok
}

// couldMatchBelow reports whether the pattern could match something inside
// directory name. When in doubt it does.
func (r *rule) couldMatchBelow(name string) bool {
	if r.anyDepth {
		return true
	}
	dirs := strings.Split(name, "/")
	for i, segment := range r.segments[:min(len(r.segments), len(dirs))] {
		if strings.Contains(segment, "**") {
			return true
		}
		if ok, err := path.Match(segment, dirs[i]); !ok && err == nil {
			return false
		}
	}
	return true
}

// excludes decides what stays out of a package: the last rule that matches a
// file, or a directory above it, wins.
type excludes struct {
	rules []rule
}

// newExcludes reads patterns and then the content of the ignore file.
func newExcludes(patterns []string, ignoreFile []byte) (*excludes, error) {
	e := new(excludes)
	var errs []error
	for _, p := range patterns {
		r, err := parseRule(p)
		if err != nil {
			errs = append(errs, fmt.Errorf("pattern %q: %w", p, err))
			continue
		}
		e.rules = append(e.rules, r)
	}
	// The grammar is that of .dockerignore (comments, blank lines, "!", a byte
	// order mark). moby's own reader is not used: it drops a leading slash, and
	// "/build" would then match at any depth.
	ignoreFile = bytes.TrimPrefix(ignoreFile, []byte("\xef\xbb\xbf"))
	for i, line := range strings.Split(string(ignoreFile), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		r, err := parseRule(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s line %d: pattern %q: %w", ignoreName, i+1, line, err))
			continue
		}
		e.rules = append(e.rules, r)
	}
	return e, errors.Join(errs...)
}

// verdict is what the rules say about one file or directory.
type verdict struct {
	// matched says for each rule whether it matches here or in a directory above.
	matched []bool
	// last is the index of the last rule that matches, or -1.
	last     int
	excluded bool
}

// decide applies the rules to name, which lies in a directory with the verdict
// above.
func (e *excludes) decide(name string, above verdict) verdict {
	v := verdict{matched: make([]bool, len(e.rules)), last: -1}
	for i := range e.rules {
		if (above.matched != nil && above.matched[i]) || e.rules[i].match(name) {
			v.matched[i], v.last = true, i
		}
	}
	v.excluded = v.last >= 0 && !e.rules[v.last].include
	return v
}

// mayHoldIncluded reports whether something in the excluded directory name could
// come back through a later "!" pattern.
func (e *excludes) mayHoldIncluded(name string, v verdict) bool {
	for i := v.last + 1; i < len(e.rules); i++ {
		if e.rules[i].include && e.rules[i].couldMatchBelow(name) {
			return true
		}
	}
	return false
}
