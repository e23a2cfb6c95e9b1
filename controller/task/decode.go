package task

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// MaxMessage is the largest message, in bytes: what a state of Step Functions can
// send, and less than what a queue takes.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const MaxMessage = 256 * 1024

// maxDepth keeps a value that is all brackets from taking memory many times its size.
const maxDepth = 500

// scan refuses what is not exactly one JSON value, and an object, at any depth, that has a
// key twice: two programs could read two messages in it.
func scan(field string, data []byte) *Error {
	// encoding/json would put U+FFFD for what is not UTF-8 and say nothing.
	if !utf8.Valid(data) {
		return fail(Malformed, field, "must be UTF-8")
	}
	// Token by token, the decoder below lets some mistakes pass that this does not.
	if err := json.Unmarshal(data, &json.RawMessage{}); err != nil {
		return malformed(field, err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	type level struct {
		keys   map[string]bool // nil in an array
		wanted bool            // a key comes next
	}
	var levels []level
	for {
		token, err := dec.Token()
		if err != nil {
			return malformed(field, err)
		}
		top := len(levels) - 1
		switch {
		case token == json.Delim('{') || token == json.Delim('['):
			if len(levels) == maxDepth {
				return fail(Malformed, field, "must have at most %d levels", maxDepth)
			}
			next := level{}
			if token == json.Delim('{') {
				next = level{keys: map[string]bool{}, wanted: true}
			}
			levels = append(levels, next)
			continue
		case token == json.Delim('}') || token == json.Delim(']'):
			levels = levels[:top]
			top--
		case top >= 0 && levels[top].wanted:
			key, _ := token.(string) // JSON allows nothing else as a key
			if levels[top].keys[key] {
				return fail(Malformed, field, "has the key %s twice in one object", excerpt([]byte(key)))
			}
			levels[top].keys[key] = true
			levels[top].wanted = false
			continue
		}
		// A value has ended.
		if top < 0 {
			return nil
		}
		levels[top].wanted = levels[top].keys != nil
	}
}

func malformed(field string, err error) *Error {
	e := fail(Malformed, field, "must be one JSON value: %v", err)
	e.cause = err
	return e
}

// object takes the fields of a JSON object one by one, and remembers the first problem.
// encoding/json would match names whatever their case, and take what is missing for zero.
type object struct {
	path   string
	fields map[string]json.RawMessage
	err    *Error
}

// open reads the object of a message as far as its kind.
func open(data []byte) (o *object, kind Kind, err *Error) {
	if len(data) > MaxMessage {
		return nil, "", fail(TooLarge, "", "a message must have at most %d bytes, got %d", MaxMessage, len(data))
	}
	if err := scan("", data); err != nil {
		return nil, "", err
	}
	o = newObject("", data)
	// Before the fields: another version may have others.
	version := o.integer("version", 0, 1<<30)
	if o.err == nil && version != Version {
		return nil, "", fail(UnknownVersion, "version", "must be %d, got %d", Version, version)
	}
	kind = Kind(o.text("kind"))
	if o.err == nil && !slices.Contains(kinds, kind) {
		return nil, "", fail(UnknownKind, "kind", "must be one of %v, got %q", kinds, kind)
	}
	return o, kind, o.err
}

func openKind(data []byte, want Kind) (*object, *Error) {
	o, kind, err := open(data)
	if err == nil && kind != want {
		err = fail(UnknownKind, "kind", "must be %s, got %s", want, kind)
	}
	return o, err
}

func newObject(path string, data []byte) *object {
	o := &object{path: path}
	if err := json.Unmarshal(data, &o.fields); err != nil || o.fields == nil {
		o.err = invalid(path, "must be an object")
	}
	return o
}

// take returns a field's value, nil when it is not there and need not be.
func (o *object) take(name string, required bool) json.RawMessage {
	value, ok := o.fields[name]
	delete(o.fields, name)
	if !ok && required {
		o.fail(invalid(join(o.path, name), "is missing"))
	}
	return value
}

// fail remembers err, which may be nil, unless there was a problem before it.
func (o *object) fail(err *Error) {
	if o.err == nil {
		o.err = err
	}
}

// into decodes a field into v, which must be no struct and no interface.
func (o *object) into(name, want string, v any) {
	value := o.take(name, true)
	if value == nil {
		return
	}
	// null leaves v as it is, and is no error to encoding/json.
	if string(value) == "null" || json.Unmarshal(value, v) != nil {
		o.fail(invalid(join(o.path, name), "must be %s, got %s", want, jsonType(value)))
	}
}

func (o *object) text(name string) (v string) {
	o.into(name, "a string", &v)
	return v
}

func (o *object) flag(name string) (v bool) {
	o.into(name, "true or false", &v)
	return v
}

func (o *object) integer(name string, lowest, highest int) (v int) {
	o.into(name, "a whole number", &v)
	if o.err != nil {
		return 0
	}
	o.fail(checkRange(join(o.path, name), v, lowest, highest))
	return v
}

func (o *object) time(name string) time.Time {
	text := o.text(name)
	if o.err != nil {
		return time.Time{}
	}
	v, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		o.fail(invalid(join(o.path, name), "must be a time such as 2026-01-31T12:00:00Z, got %s", excerpt([]byte(text))))
		return time.Time{}
	}
	// Emulators of Step Functions write +00:00 where it writes Z.
	if _, offset := v.Zone(); offset == 0 {
		v = v.UTC()
	}
	o.fail(checkTime(join(o.path, name), v))
	return v
}

// object returns a field that is an object. done must be called on it.
func (o *object) object(name string) *object {
	value := o.take(name, true)
	if o.err != nil {
		return &object{err: o.err}
	}
	return newObject(join(o.path, name), value)
}

func (o *object) body(name string) Body {
	return o.bodyOf(o.object(name))
}

func (o *object) bodyOf(in *object) (b Body) {
	if value := in.take("inline", false); value != nil && in.err == nil {
		var err *Error
		b.Inline, err = canonical(join(in.path, "inline"), value)
		in.fail(err)
	}
	if _, ok := in.fields["ref"]; ok {
		ref := in.object("ref")
		b.Ref = &Ref{SHA256: ref.text("sha256"), Size: ref.integer("size", 1, MaxObject)}
		in.finish(ref)
	}
	if _, ok := in.fields["list"]; ok {
		var list []json.RawMessage
		in.into("list", "an array", &list)
		b.List = make([]Body, 0, len(list))
		for i, item := range list {
			if in.err == nil {
				b.List = append(b.List, in.bodyOf(newObject(at(join(in.path, "list"), i), item)))
			}
		}
	}
	if in.err == nil && len(in.fields) == 0 {
		in.err = b.check(in.path, true, maxRewritten)
	}
	o.finish(in)
	return b
}

// bodies returns a field that is an object of bodies. A nil map would encode as null.
func (o *object) bodies(name string) map[string]Body {
	in := o.object(name)
	out := make(map[string]Body, len(in.fields))
	for _, key := range slices.Sorted(maps.Keys(in.fields)) {
		if in.err == nil {
			out[key] = in.body(key)
		}
	}
	o.finish(in)
	return out
}

// finish ends the reading of a part: what is left in it is unknown.
func (o *object) finish(part *object) {
	if part.err == nil && len(part.fields) > 0 {
		part.err = invalid(join(part.path, slices.Min(slices.Collect(maps.Keys(part.fields)))), "is not a known field")
	}
	o.fail(part.err)
}

// done ends the reading of a message and returns it, or nothing of it.
func done[M interface{ check() *Error }](o *object, message M) (M, error) {
	o.finish(o)
	if o.err == nil {
		o.err = message.check()
	}
	if o.err != nil {
		var none M
		return none, o.err
	}
	return message, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// jsonType names what a valid JSON value is.
func jsonType(value []byte) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "the number " + excerpt(value)
}

// excerpt keeps an error about a large value short.
func excerpt(value []byte) string {
	const most = 40
	if len(value) > most {
		return strconv.Quote(string(value[:most])) + " and more"
	}
	return strconv.Quote(string(value))
}
