package task_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/task"
)

func FuzzOrder(f *testing.F)           { fuzz(f, task.KindOrder) }
func FuzzTask(f *testing.F)            { fuzz(f, task.KindTask) }
func FuzzHeartbeat(f *testing.F)       { fuzz(f, task.KindHeartbeat) }
func FuzzResult(f *testing.F)          { fuzz(f, task.KindResult) }
func FuzzFailure(f *testing.F)         { fuzz(f, task.KindFailure) }
func FuzzApprovalRequest(f *testing.F) { fuzz(f, task.KindApprovalRequest) }
func FuzzDecision(f *testing.F)        { fuzz(f, task.KindDecision) }

// fuzz: decoding never panics, every error has a code, and what was decoded encodes
// and decodes to the same value.
func fuzz(f *testing.F, kind task.Kind) {
	m := messages[kind]
	valid := encoded(f, m)
	for _, seed := range []string{
		valid, valid[:len(valid)/2], "{}", "null", strings.ToUpper(valid), strings.ReplaceAll(valid, `"`, `"\u00e9`),
		strings.ReplaceAll(valid, "1", "-1"), strings.ReplaceAll(valid, ":", " :\n"), strings.ReplaceAll(valid, "e", `\ud800`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := m.decode(data)
		if err != nil {
			var coded *task.Error
			if !errors.As(err, &coded) || coded.Code == "" {
				t.Fatalf("no code: %v", err)
			}
			return
		}
		again, err := first.Encode()
		if err != nil {
			t.Fatalf("decoded %+v, which does not encode: %v", first, err)
		}
		second, err := m.decode(again)
		if err != nil {
			t.Fatalf("encoded %s, which does not decode: %v", again, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}
