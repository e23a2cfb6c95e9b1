package task

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"
)

// minKey is the hash's own size: a shorter key would be the weaker part.
// https://www.rfc-editor.org/rfc/rfc2104#section-3
const minKey = sha256.Size

// MAC proves that its bearer was given a task, until it expires.
type MAC struct {
	Key     string    `json:"key"`     // the id of the key it was made with
	Expires time.Time `json:"expires"` // in whole seconds
	Value   string    `json:"value"`   // HMAC-SHA256 in base64url
}

var macEncoding = base64.RawURLEncoding.Strict()

// Keyring makes MACs with one key and verifies those of several, so that a key
// can be replaced while tasks that hold the old one's MACs run.
//
// To rotate: add the new key everywhere, then make it the current one, then take the
// old key away when its last MAC has expired.
type Keyring struct {
	current string
	keys    map[string][]byte
}

// NewKeyring returns a ring of keys by their ids. Keys have at least 32 bytes.
func NewKeyring(current string, keys map[string][]byte) (*Keyring, error) {
	ring := &Keyring{current: current, keys: make(map[string][]byte, len(keys))}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if err := checkKeyID("key", id); err != nil {
			return nil, fail(InvalidKey, err.Field, "%s", err.Message)
		}
		if len(keys[id]) < minKey {
			return nil, fail(InvalidKey, "key "+id, "must have at least %d bytes, got %d", minKey, len(keys[id]))
		}
		ring.keys[id] = slices.Clone(keys[id])
	}
	if _, ok := keys[current]; !ok {
		return nil, fail(InvalidKey, "current", "must be one of the keys, got %q", current)
	}
	return ring, nil
}

// Format prints no key, whatever the verb.
func (k *Keyring) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%d keys, current %q", len(k.keys), k.current)
}

// Sign returns the MAC of a task with the current key. It expires at the end of the
// second that expires is in.
func (k *Keyring) Sign(id ID, expires time.Time) MAC {
	if rounded := expires.Truncate(time.Second); rounded.Before(expires) {
		expires = rounded.Add(time.Second)
	}
	mac := MAC{Key: k.current, Expires: expires.UTC()}
	mac.Value = macEncoding.EncodeToString(k.sum(id, mac))
	return mac
}

// Verify refuses a MAC that is not that task's, or whose time is over.
func (k *Keyring) Verify(id ID, mac MAC, now time.Time) error {
	if _, ok := k.keys[mac.Key]; !ok {
		return fail(UnknownKey, "mac.key", "is not a key of this ring, got %s", excerpt([]byte(mac.Key)))
	}
	value, err := macEncoding.DecodeString(mac.Value)
	if err != nil || !hmac.Equal(value, k.sum(id, mac)) {
		return fail(Forged, "mac.value", "is not the MAC of this task")
	}
	// Only what the ring itself has signed is worth telling about.
	if !now.Before(mac.Expires) {
		return fail(Expired, "mac.expires", "has expired at %s", mac.Expires.Format(time.RFC3339))
	}
	return nil
}

// sum hashes the parts with their lengths, as NewID does, under a name of its own.
func (k *Keyring) sum(id ID, mac MAC) []byte {
	h := hmac.New(sha256.New, k.keys[mac.Key])
	var number [8]byte
	for _, part := range []string{"aegis task mac 1", mac.Key, string(id)} {
		binary.BigEndian.PutUint64(number[:], uint64(len(part)))
		h.Write(number[:])
		h.Write([]byte(part))
	}
	binary.BigEndian.PutUint64(number[:], uint64(mac.Expires.Unix()))
	h.Write(number[:])
	return h.Sum(nil)
}

func (o *object) mac() MAC {
	in := o.object("mac")
	m := MAC{Key: in.text("key"), Expires: in.time("expires"), Value: in.text("value")}
	o.finish(in)
	return m
}

func (m MAC) check() *Error {
	err := firstOf(checkKeyID("mac.key", m.Key), checkTime("mac.expires", m.Expires))
	if err != nil {
		return err
	}
	if m.Expires.Nanosecond() != 0 {
		return invalid("mac.expires", "must be in whole seconds, got %s", m.Expires.Format(time.RFC3339Nano))
	}
	if value, err := macEncoding.DecodeString(m.Value); err != nil || len(value) != sha256.Size {
		return invalid("mac.value", "must be %d characters of base64url, got %d", macEncoding.EncodedLen(sha256.Size), len(m.Value))
	}
	return nil
}

func checkKeyID(field, id string) *Error {
	return checkName(field, id, maxKeyID, isWord, "letters, digits, - and _")
}
