package flow_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/task"
)

// history is a run as it was, with its workflow as it was: what an engine has stored must
// go on after an update. -update adds what is missing and changes none. A defect of the
// machine that is mended leaves its history here.
type history struct {
	Workflow flow.Workflow   `json:"workflow"`
	Events   []flow.Event    `json:"events"`
	End      json.RawMessage `json:"end"`
}

func TestHistories(t *testing.T) {
	t.Parallel()
	if *update {
		recordHistories(t)
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "histories", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("got no histories, %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var h history
			if err := json.Unmarshal(data, &h); err != nil {
				t.Fatal(err)
			}
			got := replay(t, h.Workflow, 0.5, h.Events)
			if diff := cmp.Diff(string(h.End), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func recordHistories(t *testing.T) {
	t.Helper()
	for name, world := range map[string]world{
		"research-report.approved": but(map[string]answer{"research 1 0": {err: task.ErrorThrottled, cause: "slow down"}}),
		"research-report.rejected": but(map[string]answer{"approve 0 0": {outcome: task.OutcomeRejected}}),
		"research-report.expired":  but(map[string]answer{"approve 0 0": {}, "analyze 0 0": {}}),
		"research-report.failed":   but(map[string]answer{"research 2 0": {err: task.ErrorBudgetExceeded, cause: "all spent"}}),
		"everything.succeeded":     but(map[string]answer{"each 0 0": {}, "sum_up 0 0": {err: "Any.Error"}}),
	} {
		path := filepath.Join("testdata", "histories", name+".json")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		for _, w := range allFlows() {
			if !strings.HasPrefix(name, w.Name+".") {
				continue
			}
			d := newDriver(t, w, 0.5, world)
			d.finish(d.start(firstInput(t, w)), rand.New(rand.NewPCG(1, 2)))
			// An event a line. Bodies have no white space inside.
			out := bytes.NewBufferString("{\"workflow\": ")
			out.Write(line(t, w))
			out.WriteString(",\n\"events\": [\n")
			for i, e := range d.events {
				if i > 0 {
					out.WriteString(",\n")
				}
				out.Write(line(t, e))
			}
			out.WriteString("\n],\n\"end\": " + string(d.state) + "}\n")
			golden(t, filepath.Join("histories", name+".json"), out.Bytes())
		}
	}
}

func line(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}
