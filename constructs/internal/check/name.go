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

// hashTail is the length of "-" and a ShortHash.
const hashTail = 9

// FitName returns base+suffix when that has at most limit characters, else
// base cut short with a hash of the whole before the suffix: always the same
// for the same input, and different for different bases. A suffix that leaves
// no room for a base is cut as well.
func FitName(base, suffix string, limit int) string {
	if len(base)+len(suffix) <= limit {
		return base + suffix
	}
	keep := limit - len(suffix) - hashTail
	if keep < 1 {
		base += suffix
		keep, suffix = limit-hashTail, ""
	}
	return strings.TrimRight(base[:min(keep, len(base))], "-_./") + "-" + ShortHash(base) + suffix
}

var notRoleName = regexp.MustCompile(`[^\w+=,.@-]+`)

// DerivedRoleName returns a name within the grammar and length of IAM for the
// role of something called base: "orders/api" gives "orders-api-<hash>-role".
// The hash keeps "orders/api" and "orders-api" apart.
func DerivedRoleName(base, suffix string) string {
	clean := notRoleName.ReplaceAllString(base, "-")
	if clean != base {
		clean = strings.TrimLeft(strings.Trim(clean, "-")+"-"+ShortHash(base), "-")
	}
	return FitName(clean, suffix, MaxRoleName)
}

// PathName returns a name for a construct from its path, at most limit
// characters of letters, digits and -, with a hash of the path as its tail.
func PathName(path string, limit int) string {
	clean := strings.Trim(notNameChar.ReplaceAllString(path, "-"), "-")
	if keep := limit - hashTail; len(clean) > keep {
		clean = strings.TrimRight(clean[:keep], "-")
	}
	return strings.TrimLeft(clean+"-"+ShortHash(path), "-")
}

var notNameChar = regexp.MustCompile(`[^a-zA-Z0-9]+`)
