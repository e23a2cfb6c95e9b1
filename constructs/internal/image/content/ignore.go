package content

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// ignoreName is the ignore file of a whole context. One beside the Dockerfile, with
// the Dockerfile's name in front, takes its place.
// https://docs.docker.com/build/concepts/context/#filename-and-location
const ignoreName = ".dockerignore"

// ignore decides what is not sent.
type ignore struct {
	matcher *patternmatcher.PatternMatcher
	// always are sent whatever the patterns say: the engine needs them.
	always []string
	// exceptions are the "!" patterns without the mark.
	exceptions []string
}

// readIgnore reads the ignore file of a build. inside is the Dockerfile's path in
// the context, with slashes, or "".
func readIgnore(root, dockerfile, inside string) (*ignore, error) {
	name := filepath.Base(dockerfile) + ignoreName
	text, err := os.ReadFile(dockerfile + ignoreName)
	if errors.Is(err, fs.ErrNotExist) {
		name = ignoreName
		text, err = os.ReadFile(filepath.Join(root, ignoreName))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = nil
	case err != nil:
		return nil, fmt.Errorf("ContextDir: must have a readable %s, got: %w", name, cause(err))
	}
	// The matcher scans runes and prints to stderr when it finds none.
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("ContextDir: must have a %s in UTF-8 without NUL, got other bytes", name)
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("ContextDir: must have a readable %s, got: %w", name, err)
	}
	i := &ignore{always: []string{ignoreName}}
	if inside != "" {
		i.always = append(i.always, inside)
	}
	var errs []error
	for _, p := range patterns {
		// One at a time, so that the message names the line; some mistakes show
		// only when the pattern is used.
		one, err := patternmatcher.New([]string{p})
		if err == nil {
			_, err = one.MatchesOrParentMatches("x")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ContextDir: must have valid patterns in %s, got %q: %w", name, p, err))
		}
		if exception, ok := strings.CutPrefix(p, "!"); ok {
			i.exceptions = append(i.exceptions, path.Clean(exception))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	i.matcher, err = patternmatcher.New(patterns)
	return i, err
}

// match reports whether name, with slashes, is left out. above is what the matcher
// has said about the directory that holds it.
func (i *ignore) match(name string, above patternmatcher.MatchInfo) (bool, patternmatcher.MatchInfo, error) {
	out, info, err := i.matcher.MatchesUsingParentResults(filepath.FromSlash(name), above)
	return out && !slices.Contains(i.always, name), info, err
}

// mayHoldSent reports whether something in a directory that is left out could be
// sent all the same. When in doubt it could.
func (i *ignore) mayHoldSent(dir string) bool {
	for _, name := range slices.Concat(i.always, i.exceptions) {
		if strings.ContainsAny(name, `*?[\`) || strings.HasPrefix(name, dir+"/") || strings.HasPrefix(dir+"/", name+"/") {
			return true
		}
	}
	return false
}
