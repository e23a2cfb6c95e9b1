package task_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/task"
)

// The id is stored in tables and in running workflows: these must never change.
func TestIDIsStable(t *testing.T) {
	t.Parallel()
	for want, got := range map[task.ID]task.ID{
		"7jjgmeqm5n3rmsrwkvnkqitp74mrwbwjngshh4od4k47yugcs7ta": task.NewID("wf-1", "plan", 0, 0),
		"523oaw3tcznodchmhudygr4krnfhcbnc6sytxqog22ejzje3j66q": task.NewID("wf-1", "research", 2, 1),
	} {
		if got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

func TestIDsOfDifferentTasksDiffer(t *testing.T) {
	t.Parallel()
	seen := map[task.ID]string{}
	for _, workflow := range []string{"", "a", "a1", "a-1", "ab"} {
		for _, step := range []string{"", "a", "b", "1", "b1"} {
			for _, index := range []int{0, 1, 11} {
				for _, attempt := range []int{0, 1, 11} {
					id, parts := task.NewID(workflow, step, index, attempt), fmt.Sprintf("%q %q %d %d", workflow, step, index, attempt)
					if seen[id] != "" {
						t.Errorf("%s and %s have one id", seen[id], parts)
					}
					seen[id] = parts
					if _, err := task.ParseID(string(id)); err != nil {
						t.Errorf("%s: %v", parts, err)
					}
				}
			}
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	id := string(task.NewID("wf-1", "plan", 0, 0))
	for name, text := range map[string]string{
		"nothing": "", "short": id[1:], "long": id + "a", "capitals": strings.ToUpper(id), "padding": id[1:] + "=",
		"other letters": id[1:] + "1", "a line end": id[:51] + "\n", "bits that no hash has": id[:51] + "b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := task.ParseID(text); !errors.Is(err, task.ErrInvalidField) {
				t.Errorf("want %s, got %v", task.InvalidField, err)
			}
		})
	}
}

func keys() map[string][]byte {
	return map[string][]byte{"old": []byte(strings.Repeat("o", 32)), "new": []byte(strings.Repeat("n", 40))}
}

func ring() *task.Keyring {
	k, err := task.NewKeyring("new", keys())
	if err != nil {
		panic(err)
	}
	return k
}

func TestVerify(t *testing.T) {
	t.Parallel()
	id, other := spec.ID(), task.NewID("wf-2", "plan", 0, 0)
	only, err := task.NewKeyring("old", map[string][]byte{"old": keys()["old"]})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := task.NewKeyring("new", map[string][]byte{"new": []byte(strings.Repeat("?", 32))})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		mac  task.MAC
		id   task.ID
		now  time.Time
		want *task.Error
	}{
		"valid":                    {mac, id, noon, nil},
		"in its last second":       {mac, id, noon.Add(time.Hour - 1), nil},
		"expired":                  {mac, id, noon.Add(time.Hour), task.ErrExpired},
		"by the key before":        {only.Sign(id, noon.Add(time.Hour)), id, noon, nil},
		"of another task":          {mac, other, noon, task.ErrForged},
		"by a stranger":            {stranger.Sign(id, noon.Add(time.Hour)), id, noon, task.ErrForged},
		"with a longer time":       {with(mac, func(m *task.MAC) { m.Expires = noon.Add(2 * time.Hour) }), id, noon, task.ErrForged},
		"as by another key":        {with(mac, func(m *task.MAC) { m.Key = "old" }), id, noon, task.ErrForged},
		"by a key that is unknown": {with(mac, func(m *task.MAC) { m.Key = "older" }), id, noon, task.ErrUnknownKey},
		"expired and forged":       {mac, other, noon.Add(2 * time.Hour), task.ErrForged},
		"no base64":                {with(mac, func(m *task.MAC) { m.Value = "?" }), id, noon, task.ErrForged},
		"nothing":                  {with(mac, func(m *task.MAC) { m.Value = "" }), id, noon, task.ErrForged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ring().Verify(tc.id, tc.mac, tc.now)
			if tc.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			expect(t, err, tc.want, "")
		})
	}
}

func TestSignRoundsUpToTheSecond(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ given, want time.Time }{
		"whole": {noon, noon},
		"more":  {noon.Add(1), noon.Add(time.Second)},
		"local": {noon.In(time.FixedZone("CET", 3600)), noon},
	} {
		if got := ring().Sign(spec.ID(), tc.given).Expires; !got.Equal(tc.want) || got.Location() != time.UTC {
			t.Errorf("%s: want %s, got %s", name, tc.want, got)
		}
	}
}

func TestNewKeyringRefuses(t *testing.T) {
	t.Parallel()
	key := make([]byte, 32)
	for name, tc := range map[string]struct {
		current string
		keys    map[string][]byte
		text    string
	}{
		"no keys":      {"a", nil, `current: must be one of the keys, got "a"`},
		"another":      {"b", map[string][]byte{"a": key}, `current: must be one of the keys, got "b"`},
		"a short key":  {"a", map[string][]byte{"a": key, "b": key[:31]}, "key b: must have at least 32 bytes, got 31"},
		"a bad id":     {"a", map[string][]byte{"a": key, "b c": key}, `key: must be letters, digits, - and _, got "b c"`},
		"an empty key": {"", map[string][]byte{"": key}, "key: must not be empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := task.NewKeyring(tc.current, tc.keys)
			expect(t, err, task.ErrInvalidKey, tc.text)
		})
	}
}

func TestKeysAreCopied(t *testing.T) {
	t.Parallel()
	mine := keys()
	k, err := task.NewKeyring("new", mine)
	if err != nil {
		t.Fatal(err)
	}
	clear(mine["new"])
	if err := k.Verify(spec.ID(), mac, noon); err != nil {
		t.Error(err)
	}
}

// Neither keys nor task tokens come out of a log or an error, by any verb.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	order := task.Order{Spec: spec, Token: "secret-token"}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("", "ring", ring(), "token", order.Token, "order", order)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %x %v %+v %#v", ring(), ring(), ring(), ring(), ring(), order, order, order)
	for _, secret := range []string{"secret", "nnnnnnnn", "6e6e6e6e", "110, 110", "110 110", "0x6e, 0x6e"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
	if want := "token of 12 characters"; !strings.Contains(text, want) {
		t.Errorf("want %q in %s", want, text)
	}
}

func TestTaskOfAnOrderHasNoToken(t *testing.T) {
	t.Parallel()
	order := task.Order{Spec: spec, Token: "secret-token"}
	got := order.Task(noon.In(time.FixedZone("CET", 3600)), mac)
	data, err := got.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "token\"") || strings.Contains(string(data), "secret") {
		t.Errorf("got %s", data)
	}
	if diff := cmp.Diff(task.Task{ID: spec.ID(), Spec: spec, Deadline: noon, MAC: mac}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	delete(got.Input, "plan")
	if len(order.Input) != len(spec.Input) {
		t.Error("the task's input is the order's")
	}
}

func TestNewBody(t *testing.T) {
	t.Parallel()
	text := func(length int) []byte { return []byte(`"` + strings.Repeat("x", length-2) + `"`) }
	for name, tc := range map[string]struct {
		value  []byte
		limit  int
		inline bool
	}{
		"at the limit":            {text(100), 100, true},
		"over the limit":          {text(101), 100, false},
		"at the protocol's":       {text(task.MaxInline), 1 << 20, true},
		"over the protocol's":     {text(task.MaxInline + 1), 1 << 20, false},
		"white space counts not":  {[]byte(" [ 1 ,\n2 ] "), 5, true},
		"nothing may be inline":   {text(2), 0, false},
		"deep":                    {[]byte(strings.Repeat("[", 500) + strings.Repeat("]", 500)), 1000, true},
		"as large as a list of 0": {[]byte("[]"), 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, object, err := task.NewBody(tc.value, tc.limit)
			if err != nil {
				t.Fatal(err)
			}
			if (body.Inline != nil) != tc.inline || (object == nil) != tc.inline || (body.Ref == nil) != tc.inline {
				t.Fatalf("inline: want %t, got %t", tc.inline, body.Inline != nil)
			}
			if err := body.Check(); err != nil {
				t.Error(err)
			}
			if tc.inline {
				return
			}
			if err := body.Ref.Check(object); err != nil {
				t.Error(err)
			}
			changed := append([]byte("x"), object[1:]...)
			expect(t, body.Ref.Check(changed), task.ErrBodyMismatch, "object "+body.Ref.Key()+" has other content")
			expect(t, body.Ref.Check(object[1:]), task.ErrBodyMismatch, "")
			if want := "sha256/" + body.Ref.SHA256; body.Ref.Key() != want {
				t.Errorf("key: want %s, got %s", want, body.Ref.Key())
			}
		})
	}
}

func TestNewBodyRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		value string
		want  *task.Error
	}{
		"nothing":   {"", task.ErrMalformed},
		"two":       {"1 2", task.ErrMalformed},
		"twice":     {`{"a":{"b":1,"b":1}}`, task.ErrMalformed},
		"not UTF-8": {"\"\xff\"", task.ErrMalformed},
		"deep":      {strings.Repeat("[", 501) + strings.Repeat("]", 501), task.ErrMalformed},
		"too large": {strings.Repeat(" ", task.MaxObject+1), task.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := task.NewBody([]byte(tc.value), task.MaxInline)
			expect(t, err, tc.want, "")
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check func(string) error
		good  []string
		bad   []string
	}{
		"workflow": {task.CheckWorkflowID, []string{"a", "A-b_9", strings.Repeat("x", 80)}, []string{"", "a b", "é", strings.Repeat("x", 81)}},
		"step":     {task.CheckStep, []string{"a", "a_9", strings.Repeat("x", 64)}, []string{"", "A", "_a", "9", "a-b", strings.Repeat("x", 65)}},
		"input":    {task.CheckInput, []string{"topic"}, []string{"to-pic"}},
		"agent":    {task.CheckAgent, []string{"research", "re-2"}, []string{"", "re_2"}},
		"error":    {task.CheckErrorName, []string{task.ErrorStopped, "E"}, []string{"", "States.ALL", "no good", strings.Repeat("x", 257)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range tc.good {
				if err := tc.check(value); err != nil {
					t.Errorf("%q: %v", value, err)
				}
			}
			for _, value := range tc.bad {
				if err := tc.check(value); !errors.Is(err, task.ErrInvalidField) {
					t.Errorf("%q: want %s, got %v", value, task.InvalidField, err)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	_, err := task.DecodeTask([]byte("{"))
	if _, ok := errors.AsType[*json.SyntaxError](err); !ok {
		t.Errorf("want the decoder's error in %v", err)
	}
	wrapped := fmt.Errorf("reading a message: %w", err)
	if !errors.Is(wrapped, task.ErrMalformed) || errors.Is(wrapped, task.ErrTooLarge) || errors.Is(wrapped, errors.New("x")) {
		t.Errorf("codes do not match: %v", wrapped)
	}
	if got := task.ErrMalformed.Error(); got != "malformed" {
		t.Errorf("want malformed, got %s", got)
	}
	stored, err := json.Marshal(&task.Error{Code: task.TooLarge, Field: "a", Message: "b"})
	if want := `{"code":"too_large","field":"a","message":"b"}`; err != nil || string(stored) != want {
		t.Errorf("want %s, got %s, %v", want, stored, err)
	}
}
