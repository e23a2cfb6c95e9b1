package packaging

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Lambda's limits for a deployment package.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	// MaxZipped is the largest zip file that can be sent with the API call,
	// without a bucket.
	MaxZipped = 50 << 20
	// MaxUnzipped is the largest size of a function's code after unzipping,
	// layers included.
	MaxUnzipped = 250 << 20
)

// limitsPage is named in the errors, because limits change.
const limitsPage = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"

// SizeProblem returns nil if Lambda accepts the package's size, or an error that
// says which limit it breaks, the largest files and what to do. A package that
// goes through a bucket has no limit for the zip file itself.
func SizeProblem(p *Package, viaBucket bool) error {
	var problems []error
	if !viaBucket && p.ZipSize > MaxZipped {
		problems = append(problems, fmt.Errorf(
			"must have at most %s zipped, got %s (%s)\n%s\n  put the zip in a bucket with CodeBucket, leave files out with Exclude, or move dependencies to layers",
			size(MaxZipped), exactSize(p.ZipSize, MaxZipped), limitsPage, largest(p)))
	}
	if p.UnzippedSize > MaxUnzipped {
		problems = append(problems, fmt.Errorf(
			"must have at most %s unzipped, got %s (%s)\n%s\n  leave files out with Exclude or use a container image; layers count towards this limit too",
			size(MaxUnzipped), exactSize(p.UnzippedSize, MaxUnzipped), limitsPage, largest(p)))
	}
	return errors.Join(problems...)
}

// largest lists the five largest files, one a line.
func largest(p *Package) string {
	var b strings.Builder
	b.WriteString("  largest files:")
	for _, f := range p.Largest(5) {
		fmt.Fprintf(&b, "\n    %9s  %s", size(f.Size), printable(f.Name))
	}
	return b.String()
}

// exactSize is size with the number of bytes when rounding hides that n is
// above limit.
func exactSize(n, limit int64) string {
	if size(n) == size(limit) {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return size(n)
}

// size writes a number of bytes for people, in the unit AWS uses in its limits.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return trimZero(float64(n)/(1<<10)) + " KiB"
	default:
		return trimZero(float64(n)/(1<<20)) + " MiB"
	}
}

func trimZero(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}
