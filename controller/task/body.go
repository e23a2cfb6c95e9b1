package task

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Limits of bodies.
const (
	// MaxInline is the most that a body holds in a message itself, in bytes.
	// The state of an execution, all results so far, has 256 KiB.
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	MaxInline = 8 * 1024
	// MaxObject is the largest object that a Ref may name: what an agent can
	// be made to load.
	MaxObject = 64 * 1024 * 1024
	// MaxList is the most bodies in a list.
	MaxList = 1000

	// maxRewritten is for bodies that came through Step Functions, which writes
	// JSON anew: numbers and escapes may have become longer.
	maxRewritten = 2 * MaxInline
)

// Body is a JSON value that travels in a message or by reference, or a list of
// such. Exactly one of its fields is set.
type Body struct {
	Inline json.RawMessage `json:"inline,omitzero"`
	Ref    *Ref            `json:"ref,omitzero"`
	List   []Body          `json:"list,omitzero"` // of inline and ref; the results of a map, in the order of its items
}

// Ref names an object by what is in it.
type Ref struct {
	SHA256 string `json:"sha256"` // in lower-case hexadecimal
	Size   int    `json:"size"`   // in bytes
}

// NewBody returns the body of a JSON value. When it has more than limit bytes,
// the body is a reference, and the object must be stored under its key before
// the body is sent; otherwise object is nil. The limit is at most MaxInline.
func NewBody(value []byte, limit int) (body Body, object []byte, err error) {
	if len(value) > MaxObject {
		return Body{}, nil, fail(TooLarge, "", "a body must have at most %d bytes, got %d", MaxObject, len(value))
	}
	compact, e := canonical("", value)
	if e != nil {
		return Body{}, nil, e
	}
	if len(compact) <= min(limit, MaxInline) {
		return Body{Inline: compact}, nil, nil
	}
	sum := sha256.Sum256(compact)
	return Body{Ref: &Ref{SHA256: hex.EncodeToString(sum[:]), Size: len(compact)}}, compact, nil
}

// Key is the object's key below the store's prefix for objects.
func (r Ref) Key() string { return "sha256/" + r.SHA256 }

// Check refuses an object that is not the one that r names.
func (r Ref) Check(object []byte) error {
	if len(object) != r.Size {
		return fail(BodyMismatch, "", "object %s must have %d bytes, got %d", r.Key(), r.Size, len(object))
	}
	if sum := sha256.Sum256(object); hex.EncodeToString(sum[:]) != r.SHA256 {
		return fail(BodyMismatch, "", "object %s has other content", r.Key())
	}
	return nil
}

// Check refuses a body that is none, or is too large to travel.
func (b Body) Check() error { return asError(b.check("", true, MaxInline)) }

func (b Body) check(field string, lists bool, limit int) *Error {
	set := 0
	for _, is := range []bool{b.Inline != nil, b.Ref != nil, b.List != nil} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return invalid(field, "must have exactly one of inline, ref and list, got %d", set)
	case b.Inline != nil:
		if len(b.Inline) > limit {
			return fail(TooLarge, join(field, "inline"), "must have at most %d bytes, got %d", limit, len(b.Inline))
		}
		compact, err := canonical(join(field, "inline"), b.Inline)
		if err == nil && !bytes.Equal(compact, b.Inline) {
			err = invalid(join(field, "inline"), "must be JSON without white space between its tokens")
		}
		return err
	case b.Ref != nil:
		return b.Ref.check(join(field, "ref"))
	case !lists:
		return invalid(field, "must not be a list in a list")
	case len(b.List) > MaxList:
		return fail(TooLarge, join(field, "list"), "must have at most %d bodies, got %d", MaxList, len(b.List))
	}
	for i, item := range b.List {
		if err := item.check(at(join(field, "list"), i), false, limit); err != nil {
			return err
		}
	}
	return nil
}

func (r Ref) check(field string) *Error {
	// Decoding takes capitals too, and one object must not have two keys.
	if sum, err := hex.DecodeString(r.SHA256); err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != r.SHA256 {
		return invalid(join(field, "sha256"), "must be 64 lower-case hexadecimal digits, got %d characters", len(r.SHA256))
	}
	return checkRange(join(field, "size"), r.Size, 1, MaxObject)
}

// canonical is a strict reading of a JSON value, and the value without white space.
func canonical(field string, value []byte) (json.RawMessage, *Error) {
	if err := scan(field, value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, value); err != nil {
		return nil, malformed(field, err)
	}
	return out.Bytes(), nil
}
