package port

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a table, which are DynamoDB's with room for what its item holds
// besides: 400 KB with the names of attributes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	MaxPK    = 2048
	MaxSK    = 1024
	MaxData  = 350 * 1024
	MaxLimit = 1000
)

// MaxObjectKey is the longest key of an object. S3 takes 1024 bytes; a folder's
// names have 255 each.
const MaxObjectKey = 512

// Check refuses an item that a Table cannot hold. ErrPermanent.
func (i Item) Check() error {
	switch {
	case !fits(i.PK, MaxPK):
		return permanent("PK: must be from 1 to %d bytes of UTF-8, got %d", MaxPK, len(i.PK))
	case !fits(i.SK, MaxSK):
		return permanent("SK: must be from 1 to %d bytes of UTF-8, got %d", MaxSK, len(i.SK))
	case (i.IndexPK == "") != (i.IndexSK == ""):
		return permanent("IndexPK: must be set together with IndexSK")
	case i.IndexPK != "" && (!fits(i.IndexPK, MaxPK) || !fits(i.IndexSK, MaxSK)):
		return permanent("IndexPK: must be up to %d bytes of UTF-8 and IndexSK up to %d, got %d and %d", MaxPK, MaxSK, len(i.IndexPK), len(i.IndexSK))
	case i.Version < 0:
		return permanent("Version: must be 0 or more, got %d", i.Version)
	case len(i.Data) > MaxData || !utf8.Valid(i.Data):
		return permanent("Data: must be up to %d bytes of UTF-8, got %d", MaxData, len(i.Data))
	}
	return nil
}

// Check refuses a query that a Table cannot answer. ErrPermanent.
func (q Query) Check() error {
	switch {
	case !fits(q.PK, MaxPK):
		return permanent("PK: must be from 1 to %d bytes of UTF-8, got %d", MaxPK, len(q.PK))
	case q.Prefix != "" && q.Until != "":
		return permanent("Until: must not be set together with Prefix")
	case len(q.Prefix) > MaxSK || len(q.Until) > MaxSK:
		return permanent("Prefix: must be up to %d bytes, as Until, got %d and %d", MaxSK, len(q.Prefix), len(q.Until))
	case q.Limit < 1 || q.Limit > MaxLimit:
		return permanent("Limit: must be from 1 to %d, got %d", MaxLimit, q.Limit)
	}
	return nil
}

// CheckReceive refuses what Queue.Receive cannot do: the limits are those of SQS. ErrPermanent.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func CheckReceive(limit int, seconds float64) error {
	if limit < 1 || limit > 10 {
		return permanent("limit: must be from 1 to 10, got %d", limit)
	}
	if seconds < 0 || seconds > 20 {
		return permanent("wait: must be from 0s to 20s, got %gs", seconds)
	}
	return nil
}

// CheckObjectKey refuses what is no key of an object: names of letters, digits
// and . _ - = with / between them, none of which is . or .. or empty. A folder
// can hold it, and it needs no escaping in a URL. ErrPermanent.
func CheckObjectKey(key string) error {
	if len(key) == 0 || len(key) > MaxObjectKey {
		return permanent("key: must be from 1 to %d bytes, got %d", MaxObjectKey, len(key))
	}
	for name := range strings.SplitSeq(key, "/") {
		if name == "" || name == "." || name == ".." || len(name) > 255 || strings.ContainsFunc(name, outsideName) {
			return permanent("key: must be names of letters, digits and ._-= with / between them, got %q", key)
		}
	}
	return nil
}

func outsideName(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && (r < '0' || r > '9') && !strings.ContainsRune("._-=", r)
}

func fits(text string, limit int) bool {
	return text != "" && len(text) <= limit && utf8.ValidString(text)
}

func permanent(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrPermanent, fmt.Sprintf(format, args...))
}
