package check

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// ShortHash is eight hex digits, enough to tell apart the names of one account.
func ShortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// FitName returns base+suffix when that has at most limit characters, else
// base cut short with a hash of the whole before the suffix: always the same
// for the same input, and different for different bases.
func FitName(base, suffix string, limit int) string {
	if len(base)+len(suffix) <= limit {
		return base + suffix
	}
	keep := max(0, limit-len(suffix)-9)
	return strings.TrimRight(base[:min(keep, len(base))], "-_./") + "-" + ShortHash(base) + suffix
}

var notRoleName = regexp.MustCompile(`[^\w+=,.@-]+`)

// DerivedRoleName returns a name within the grammar and length of IAM for the
// role of something called base: "orders/api" gives "orders-api-<hash>-role".
// The hash keeps "orders/api" and "orders-api" apart.
func DerivedRoleName(base, suffix string) string {
	clean := notRoleName.ReplaceAllString(base, "-")
	if clean != base {
		clean = strings.Trim(clean, "-") + "-" + ShortHash(base)
	}
	return FitName(clean, suffix, MaxRoleName)
}

// PathName returns a name for a construct from its path, at most limit
// characters of letters, digits and -, with a hash of the path as its tail.
func PathName(path string, limit int) string {
	clean := strings.Trim(notNameChar.ReplaceAllString(path, "-"), "-")
	if keep := limit - 9; len(clean) > keep {
		clean = strings.TrimRight(clean[:keep], "-")
	}
	return clean + "-" + ShortHash(path)
}

var notNameChar = regexp.MustCompile(`[^a-zA-Z0-9]+`)
